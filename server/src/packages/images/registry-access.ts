/** How a registry is asked: what skopeo is told beside the name, in files that only the platform can read. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RegistryAccess } from '../port.ts'
import { ImageError } from './limits.ts'

const DEFAULT_REGISTRY = 'docker.io'
const PEM = /^-----BEGIN CERTIFICATE-----/

/**
 * Options of `skopeo inspect` (`prefix` empty) or `skopeo copy` (`src-`), after writing the files they name into
 * `folder`, which is removed after use. Secrets are in files, as arguments show in the list of processes.
 */
export async function registryOptions(
  { userName, password, isInsecure, rootCaCertificate }: RegistryAccess,
  repository: string,
  folder: string,
): Promise<(prefix: '' | 'src-') => string[]> {
  const logins = join(folder, 'logins.json')
  const hasLogin = userName !== '' || password !== ''
  if (hasLogin) {
    const auth = Buffer.from(`${userName}:${password}`).toString('base64')
    await writeFile(logins, JSON.stringify({ auths: { [registryOf(repository)]: { auth } } }), { mode: 0o600 })
  }
  const certificates = join(folder, 'certificates')
  if (rootCaCertificate !== '') {
    const text = Buffer.from(rootCaCertificate, 'base64').toString('utf8')
    if (!PEM.test(text)) throw new ImageError('registryConfig.certConfig.rootCaCertBase64 must be a PEM file in base64')
    await mkdir(certificates, { mode: 0o700 })
    await writeFile(join(certificates, 'ca.crt'), text, { mode: 0o600 })
  }
  return (prefix) => [
    ...(hasLogin ? [`--${prefix}authfile=${logins}`] : [`--${prefix}no-creds`]),
    ...(isInsecure ? [`--${prefix}tls-verify=false`] : []),
    ...(rootCaCertificate === '' ? [] : [`--${prefix}cert-dir=${certificates}`]),
  ]
}

/** Its host: the first part of the name when that can be one, as container engines read names. */
function registryOf(repository: string): string {
  const [first, ...rest] = repository.split('/')
  const isHost = rest.length > 0 && (/[.:]/.test(first!) || first === 'localhost')
  return isHost ? first! : DEFAULT_REGISTRY
}
