/** Code packages in requests. */
import { FcError } from '../../errors.ts'
import type { CodeRef } from '../../model.ts'
import type { Context } from './context.ts'

export interface CodeInput {
  /** The zip in base64. */
  zipFile?: string | undefined
  ossBucketName?: string | undefined
  ossObjectName?: string | undefined
  /** CRC-64 that the package must have, decimal. */
  checksum?: string | undefined
}

export const CODE_BYTES_MAX = 100 * 1024 * 1024

/** Stores the package. Throws FcError when it is none, too large, or not what the checksum says. */
export async function storeCode(context: Context, code: CodeInput): Promise<CodeRef> {
  if (code.zipFile === undefined) {
    if (code.ossBucketName !== undefined && code.ossObjectName !== undefined) {
      throw new FcError(
        'NotImplemented',
        'code.ossBucketName is not offered by this version; send the package in code.zipFile, in base64',
      )
    }
    throw new FcError('InvalidArgument', 'Either ossBucketName/ossObjectName or zipFile must be set')
  }
  const ref = await context.packages.put(decode(code.zipFile))
  if (code.checksum !== undefined && code.checksum !== ref.checksum) {
    throw new FcError(
      'InvalidArgument',
      `the code checksum must be the CRC-64 of the package, ${ref.checksum}, not ${code.checksum}`,
    )
  }
  return ref
}

function decode(base64: string): Buffer {
  const zip = Buffer.from(base64, 'base64')
  // Decoding skips what is not base64, so a length that does not fit shows text that was something else; line breaks
  // are allowed, and looked for only then, as the text may be long.
  const fits = zip.length === Buffer.byteLength(base64, 'base64')
  if (zip.length === 0 || !(fits || zip.length === Buffer.byteLength(base64.replace(/\s+/g, ''), 'base64'))) {
    throw new FcError('InvalidArgument', 'code.zipFile must be a zip file in base64')
  }
  if (zip.length > CODE_BYTES_MAX) {
    throw new FcError('EntityTooLarge', `code.zipFile must be at most ${CODE_BYTES_MAX} bytes, not ${zip.length}`)
  }
  return zip
}
