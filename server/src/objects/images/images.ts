/** Pictures of a bucket, as `x-oss-process` asks for them. */
import type { Readable } from 'node:stream'
import { OssError, type Bucket, type ObjectHead, type ObjectStore } from '../port.ts'
import { SOURCE_BYTES_MAX } from './limits.ts'
import type { ImageRequest } from './operations.ts'
import { parseProcess } from './parse.ts'
import type { ImageProcesses } from './processes.ts'
import type { Rendered } from './render.ts'
import { styleOf } from './styles.ts'

export interface Images {
  /**
   * The picture, or what is known of it, that `process` (the parameter's value) makes of an object. A null body: the
   * object as it is. Rejects with OssError: InvalidArgument, MissingArgument, BadRequest, ImageTooLarge, WatermarkError,
   * NoSuchStyle, ServiceUnavailable. `checkWatermark` may refuse objects that the picture would show, too.
   */
  process(bucket: Bucket, head: ObjectHead, process: string, checkWatermark?: (key: string) => void): Promise<Rendered>
}

export function createImages(
  store: Pick<ObjectStore, 'head' | 'read'>,
  processes: Pick<ImageProcesses, 'run'>,
): Images {
  return {
    async process(bucket, head, process, checkWatermark) {
      const request = resolved(bucket, process)
      const watermarks = watermarkKeys(request)
      if (checkWatermark) watermarks.forEach(checkWatermark)
      return processes.run(async () => ({
        request,
        source: await readPicture(store, head),
        watermarks: await readWatermarks(store, bucket.name, watermarks),
      }))
    },
  }
}

/** Parsed, with what a style stands for. */
function resolved(bucket: Bucket, process: string): Exclude<ImageRequest, { kind: 'style' }> {
  const request = parseProcess(process)
  if (request.kind !== 'style') return request
  const content = parseProcess(styleOf(bucket, request.name).content)
  if (content.kind === 'style') throw new OssError('BadRequest', `style '${request.name}' names another style`)
  return content
}

async function readPicture(store: Pick<ObjectStore, 'read'>, head: ObjectHead): Promise<Buffer> {
  if (head.size > SOURCE_BYTES_MAX)
    throw new OssError('ImageTooLarge', `the picture has ${head.size} bytes; at most ${SOURCE_BYTES_MAX} are processed`)
  return collected(await store.read(head))
}

async function collected(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function readWatermarks(
  store: Pick<ObjectStore, 'head' | 'read'>,
  bucket: string,
  keys: ReadonlySet<string>,
): Promise<Map<string, Buffer>> {
  const watermarks = new Map<string, Buffer>()
  for (const key of keys) watermarks.set(key, await readWatermark(store, bucket, key))
  return watermarks
}

function watermarkKeys(request: ImageRequest): Set<string> {
  const operations = request.kind === 'picture' ? request.operations : []
  const images = operations.map((operation) => (operation.kind === 'watermark' ? operation.image : undefined))
  return new Set(images.filter((image) => image !== undefined).map(({ key }) => key))
}

async function readWatermark(store: Pick<ObjectStore, 'head' | 'read'>, bucket: string, key: string): Promise<Buffer> {
  try {
    return await readPicture(store, await store.head({ bucket, key }))
  } catch (error) {
    if (!(error instanceof OssError)) throw error
    throw new OssError('WatermarkError', `the watermark '${key}' cannot be used: ${error.message}`)
  }
}
