/** Which platform, and with which key. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { CliError, exitCodes, usageError } from './errors.ts'
import { parseObject } from './json.ts'
import type { KeyPair } from './sign.ts'

export const DEFAULT_PORT = 7800

export type Environment = Readonly<Record<string, string | undefined>>

export function dataFolder(environment: Environment): string {
  return resolve(environment['SLUICE_DATA_DIR'] || join(homedir(), '.sluice'))
}

/** `--endpoint`, else SLUICE_ENDPOINT, else this machine at SLUICE_PORT. */
export function findEndpoint(flag: string | undefined, environment: Environment): URL {
  const given = flag ?? environment['SLUICE_ENDPOINT']
  if (!given) return new URL(`http://127.0.0.1:${environment['SLUICE_PORT'] || DEFAULT_PORT}`)
  const source = flag === undefined ? 'SLUICE_ENDPOINT' : '--endpoint'
  const url = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`)
  if (!url || url.username !== '' || url.pathname !== '/' || url.search !== '') {
    throw usageError(`${source}: give an address such as http://127.0.0.1:${DEFAULT_PORT}`)
  }
  return url
}

/** The environment's key pair, else the one the platform keeps in its data folder. */
export function findKeys(accessKeyId: string | undefined, environment: Environment): KeyPair {
  const id = accessKeyId ?? environment['SLUICE_ACCESS_KEY_ID']
  const secret = environment['SLUICE_ACCESS_KEY_SECRET']
  if (id && secret) return { accessKeyId: id, accessKeySecret: secret }
  const file = join(dataFolder(environment), 'credentials.json')
  const stored = readCredentials(file)
  if (!stored) {
    throw new CliError(
      `no key: neither SLUICE_ACCESS_KEY_ID with SLUICE_ACCESS_KEY_SECRET is set, nor can ${file} be read`,
      exitCodes.denied,
      'start the platform once as this user, or set SLUICE_DATA_DIR to its data folder',
    )
  }
  if (id && id !== stored.accessKeyId) {
    throw new CliError(
      `no secret for the key ${id}: ${file} holds another key`,
      exitCodes.denied,
      'set SLUICE_ACCESS_KEY_SECRET',
    )
  }
  return stored
}

function readCredentials(file: string): KeyPair | undefined {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const { accessKeyId, accessKeySecret } = parseObject(content)
  if (typeof accessKeyId !== 'string' || typeof accessKeySecret !== 'string') {
    throw new CliError(`${file} does not hold accessKeyId and accessKeySecret`)
  }
  return { accessKeyId, accessKeySecret }
}
