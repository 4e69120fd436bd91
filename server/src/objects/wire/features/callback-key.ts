/** The key pair that callbacks are signed with: made when the first one is sent, kept for all that follow. */
import { createPrivateKey, createPublicKey, createSign, generateKeyPair, type KeyObject } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const MODULUS_BITS = 2048

export interface CallbackKey {
  /** RSA with MD5, as OSS signs; Base64. */
  sign(text: string): string
  /** PEM. */
  publicKey: string
}

/** `file`: PEM, readable by nobody else. */
export async function openCallbackKey(file: string): Promise<CallbackKey> {
  const privateKey = (await readKey(file)) ?? (await makeKey(file))
  return {
    sign: (text) => createSign('RSA-MD5').update(text).sign(privateKey, 'base64'),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }),
  }
}

async function readKey(file: string): Promise<KeyObject | undefined> {
  try {
    return createPrivateKey(await readFile(file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function makeKey(file: string): Promise<KeyObject> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: MODULUS_BITS })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  await writeFile(`${file}.new`, pem, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return privateKey
}
