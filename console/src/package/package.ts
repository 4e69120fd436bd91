/** The code of a function, fetched and deployed through the public API. */
import { api, apiFetch } from '../api/client.ts'
import { functionPath } from '../api/functions.ts'
import { base64Of } from './text.ts'
import { readPackage, writePackage, type PackageFile } from './zip.ts'

/** Beyond it a package is not opened in the browser. */
export const EDITABLE_BYTES_MAX = 20 * 1024 * 1024

export async function fetchPackage(
  key: string,
  signal?: AbortSignal,
): Promise<{ files: PackageFile[]; checksum: string }> {
  const request = signal ? { signal } : {}
  const { url, checksum } = await api<{ url: string; checksum: string }>(`${functionPath(key)}/code`, request)
  // The link names the platform's public address, which is another site to this page: only its path is used.
  const { pathname, search } = new URL(url)
  const response = await apiFetch(pathname + search, request)
  return { files: readPackage(new Uint8Array(await response.arrayBuffer())), checksum }
}

/** As `code.zipFile` takes it. */
export function zipFileOf(files: readonly PackageFile[]): string {
  return base64Of(writePackage(files, Date.now()))
}
