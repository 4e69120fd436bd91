/** The account of this installation: made at first start, then read from the data directory. */
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileHandle } from 'node:fs/promises'
import type { Random } from '../clock.ts'

export interface Identity {
  /** 16 digits. */
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  /** Seals security tokens. */
  tokenKey: Buffer
}

/** What the configuration sets; it wins over the file and is never written to it. */
export interface IdentityOverrides {
  accountId?: string | undefined
  accessKeyId?: string | undefined
  accessKeySecret?: string | undefined
}

export const CREDENTIALS_FILE = 'credentials.json'
const TOKEN_KEY_BYTES = 32
const OTHERS_MAY_ACCESS = 0o077

interface StoredIdentity {
  accountId: string
  accessKeyId: string
  accessKeySecret: string
  /** Base64. */
  tokenKey: string
}

/**
 * Reads `credentials.json`, or makes it (mode 0600, its directory 0700). Processes that start at once get the same
 * identity. Rejects with a message for the operator when the file is readable by others, broken, or when an override
 * is not usable.
 */
export async function loadOrCreateIdentity(
  dataDirectory: string,
  overrides: IdentityOverrides,
  random: Random,
): Promise<Identity> {
  const path = join(dataDirectory, CREDENTIALS_FILE)
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 })
  let text = await readPrivateFile(path)
  if (text === undefined) {
    await writeOnce(dataDirectory, path, `${JSON.stringify(newIdentity(random), null, 2)}\n`, random)
    text = (await readPrivateFile(path))!
  }
  return applyOverrides(parseIdentity(path, text), overrides)
}

/** Undefined when the file does not exist. */
async function readPrivateFile(path: string): Promise<string | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { mode } = await file.stat()
    // Windows has no such bits: every file there shows them all.
    if (process.platform !== 'win32' && (mode & OTHERS_MAY_ACCESS) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      throw new Error(
        `${path} holds the account's secret and others may access it (mode ${octal}); run: chmod 600 '${path}'`,
      )
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

/** Linking, unlike renaming, fails when another process was first; its file then counts for both. */
async function writeOnce(directory: string, path: string, text: string, random: Random): Promise<void> {
  const temporary = join(directory, `${CREDENTIALS_FILE}.${process.pid}.${random.bytes(8).toString('hex')}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
    await link(temporary, path)
    await syncDirectory(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await file.close()
    await unlink(temporary)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function newIdentity(random: Random): StoredIdentity {
  const digits = (random.bytes(8).readBigUInt64BE() % 10n ** 15n).toString().padStart(15, '0')
  return {
    accountId: `1${digits}`,
    accessKeyId: `AK${random.bytes(11).toString('hex')}`,
    accessKeySecret: random.bytes(20).toString('hex'),
    tokenKey: random.bytes(TOKEN_KEY_BYTES).toString('base64'),
  }
}

function parseIdentity(path: string, text: string): Identity {
  let stored: Partial<StoredIdentity> | null
  try {
    stored = JSON.parse(text) as Partial<StoredIdentity> | null
  } catch {
    stored = null
  }
  const tokenKey = Buffer.from(String(stored?.tokenKey), 'base64')
  const texts = [stored?.accountId, stored?.accessKeyId, stored?.accessKeySecret]
  if (tokenKey.length !== TOKEN_KEY_BYTES || !texts.every((value) => typeof value === 'string' && value !== '')) {
    throw new Error(`${path} is damaged; restore it, or remove it to get a new key pair at the next start`)
  }
  const [accountId, accessKeyId, accessKeySecret] = texts as [string, string, string]
  return { accountId, accessKeyId, accessKeySecret, tokenKey }
}

function applyOverrides(stored: Identity, overrides: IdentityOverrides): Identity {
  const { accountId, accessKeyId, accessKeySecret } = overrides
  if ((accessKeyId === undefined) !== (accessKeySecret === undefined)) {
    throw new Error('accessKeyId and accessKeySecret belong together: set both or neither')
  }
  if (accountId !== undefined && !/^[0-9]{16}$/.test(accountId)) throw new Error('accountId must have 16 digits')
  if (accessKeyId !== undefined && (!/^[A-Za-z0-9._-]{1,128}$/.test(accessKeyId) || accessKeyId.startsWith('STS.'))) {
    throw new Error(`accessKeyId must have 1 to 128 letters, digits or '._-' and not start with 'STS.'`)
  }
  if (accessKeySecret === '') throw new Error('accessKeySecret must not be empty')
  return {
    accountId: accountId ?? stored.accountId,
    accessKeyId: accessKeyId ?? stored.accessKeyId,
    accessKeySecret: accessKeySecret ?? stored.accessKeySecret,
    tokenKey: stored.tokenKey,
  }
}
