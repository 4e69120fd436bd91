/** A form that a browser uploads with: its fields, then a file, which is never held whole. */
import { Readable } from 'node:stream'
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { OssError } from '../../port.ts'

const FIELDS_MAX = 200
const FIELD_NAME_BYTES_MAX = 256
/** Of all fields together. */
const FIELDS_BYTES_MAX = 64 * 1024
const FILE_FIELD = 'file'

export interface UploadForm {
  /** By lower-cased name; what comes after the file is ignored. */
  fields: ReadonlyMap<string, string>
  /** As the browser told it, without folders. */
  fileName: string
  fileType: string | undefined
  /** Rejects with MalformedPOSTRequest when the form ends within it. */
  file: AsyncIterable<Uint8Array>
  /** Nothing more is read, whether the file was or not. */
  close(): void
}

const malformed = (problem: string) =>
  new OssError(
    'MalformedPOSTRequest',
    `The body of your POST request is not well-formed multipart/form-data: ${problem}.`,
  )

/**
 * Reads up to where the file begins. Rejects with MalformedPOSTRequest, FieldItemTooLong,
 * IncorrectNumberOfFilesInPOSTRequest.
 */
export async function readForm(contentType: string, body: AsyncIterable<Uint8Array>): Promise<UploadForm> {
  if (!/^multipart\/form-data\s*;.*boundary=/is.test(contentType)) throw malformed('its Content-Type has no boundary')
  const parser = makeParser(contentType)
  const source = Readable.from(body, { objectMode: false })
  const found = Promise.withResolvers<UploadForm>()
  const fields = new Map<string, string>()
  let bytes = 0
  let openFile: BusboyFileStream | undefined

  function close(): void {
    source.unpipe(parser)
    source.destroy()
  }
  function fail(error: Error): void {
    found.reject(error)
    openFile?.destroy(error)
    close()
  }
  parser.on('field', (name, value, nameTruncated, valueTruncated) => {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    if (nameTruncated || valueTruncated || bytes > FIELDS_BYTES_MAX) {
      fail(new OssError('FieldItemTooLong', `The fields of the form exceed ${FIELDS_BYTES_MAX} bytes.`))
    } else if (openFile === undefined) fields.set(name.toLowerCase(), value)
  })
  parser.on('file', (_name, file, fileName, _encoding, fileType) => {
    if (openFile !== undefined) {
      file.resume()
      return
    }
    openFile = file
    const baseName = (fileName ?? '').replace(/^.*[/\\]/s, '')
    found.resolve({ fields, fileName: baseName, fileType: fileType || undefined, file: whole(file), close })
  })
  parser.on('fieldsLimit', () => fail(malformed(`it has more than ${FIELDS_MAX} fields`)))
  parser.on('finish', () =>
    found.reject(new OssError('IncorrectNumberOfFilesInPOSTRequest', 'POST requires one file upload per request.')),
  )
  parser.on('error', (error) => fail(malformed((error as Error).message)))
  source.on('error', fail)
  source.pipe(parser)
  return found.promise
}

async function* whole(file: BusboyFileStream): AsyncGenerator<Uint8Array> {
  try {
    yield* file as AsyncIterable<Uint8Array>
  } catch (error) {
    throw error instanceof OssError ? error : malformed((error as Error).message)
  }
}

function makeParser(contentType: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      preservePath: true,
      isPartAFile: (name) => name?.toLowerCase() === FILE_FIELD,
      limits: { fields: FIELDS_MAX, fieldNameSize: FIELD_NAME_BYTES_MAX, fieldSize: FIELDS_BYTES_MAX },
    })
  } catch (error) {
    throw malformed((error as Error).message)
  }
}
