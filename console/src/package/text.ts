/** Which files can be edited as text. */

/** Larger ones are shown as their size: an editor that holds them would be slow. */
const TEXT_BYTES_MAX = 1024 * 1024

/** The text of a file, or null for what is none. */
export function textOf(bytes: Uint8Array): string | null {
  if (bytes.length > TEXT_BYTES_MAX || bytes.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const CHUNK_BYTES = 0x8000

export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES)))
  }
  return btoa(parts.join(''))
}
