/** Code packages in requests. */
import { FcError } from '../../errors.ts'
import type { CodeRef } from '../../model.ts'
import { OssError } from '../../objects/port.ts'
import type { Pieces, StoredPackage } from '../../packages/port.ts'
import type { Context } from './context.ts'

export interface CodeInput {
  /** The zip in base64. */
  zipFile?: string | undefined
  ossBucketName?: string | undefined
  ossObjectName?: string | undefined
  /** CRC-64 that the package must have, decimal. */
  checksum?: string | undefined
  /** The bytes of `zipFile`, or why there are none, when they were taken out of a large request beforehand. */
  zip?: Buffer | FcError | null
}

/** Of a package in a request. */
export const CODE_BYTES_MAX = 100 * 1024 * 1024
/** Of one that is an object. */
export const OBJECT_CODE_BYTES_MAX = 500 * 1024 * 1024

/** `storePackage`, of what a document keeps of it. */
export async function storeCode(context: Context, code: CodeInput): Promise<CodeRef> {
  const { sha256, sizeBytes, checksum } = await storePackage(context, code)
  return { sha256, sizeBytes, checksum }
}

/** Stores the package. Throws FcError when it is none, too large, not there, or not what the checksum says. */
export async function storePackage(context: Context, code: CodeInput): Promise<StoredPackage> {
  const ref = await context.packages.put(await piecesOf(context, code))
  if (code.checksum !== undefined && code.checksum !== ref.checksum) {
    throw new FcError(
      'InvalidArgument',
      `the code checksum must be the CRC-64 of the package, ${ref.checksum}, not ${code.checksum}`,
    )
  }
  return ref
}

async function piecesOf(context: Context, code: CodeInput): Promise<Pieces> {
  const { zipFile, zip, ossBucketName: bucket, ossObjectName: key } = code
  if (zipFile !== undefined) {
    if (zip instanceof FcError) throw zip
    return [zip ?? decodeZipFile(zipFile)]
  }
  if (bucket !== undefined && key !== undefined) return openObject(context, bucket, key)
  throw new FcError('InvalidArgument', 'Either ossBucketName/ossObjectName or zipFile must be set')
}

/** The package as an object of this platform's store; it is read once, and may go afterwards. */
async function openObject({ objects }: Context, bucket: string, key: string): Promise<Pieces> {
  try {
    const head = await objects.head({ bucket, key })
    if (head.type === 'Symlink') {
      throw new FcError('InvalidArgument', `code.ossObjectName '${key}' is a symbolic link; name the object itself`)
    }
    if (head.size > OBJECT_CODE_BYTES_MAX) {
      throw new FcError(
        'EntityTooLarge',
        `code.ossObjectName '${key}' has ${head.size} bytes; at most ${OBJECT_CODE_BYTES_MAX} are accepted`,
      )
    }
    return await objects.read(head)
  } catch (error) {
    if (!(error instanceof OssError) || error.status >= 500) throw error
    throw new FcError('InvalidArgument', `code: object '${key}' of bucket '${bucket}' cannot be read: ${error.message}`)
  }
}

/** The bytes of `code.zipFile`. Throws FcError when it is no base64, or holds more than a package may. */
export function decodeZipFile(base64: string): Buffer {
  // Line breaks are allowed, and looked for only when there must be some, as the text may be long.
  const zip = decodeBase64(base64) ?? decodeBase64(base64.replaceAll(/\s+/g, ''))
  if (zip === undefined) throw new FcError('InvalidArgument', 'code.zipFile must be a zip file in base64')
  if (zip.length > CODE_BYTES_MAX) {
    throw new FcError('EntityTooLarge', `code.zipFile must be at most ${CODE_BYTES_MAX} bytes, not ${zip.length}`)
  }
  return zip
}

/** Undefined for text that is empty or has any other character: decoding skips those, so that bytes are missing then. */
function decodeBase64(text: string): Buffer | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const bytes = Buffer.from(text, 'base64')
  const isWhole = digits % 4 !== 1 && bytes.length === Math.floor((digits * 3) / 4)
  return isWhole && bytes.length > 0 ? bytes : undefined
}
