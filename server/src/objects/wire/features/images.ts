/** Pictures made of pictures: while they are read (GET), and to be kept (POST). */
import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { decodeBase64 } from '../../images/parameters.ts'
import { checkKey } from '../../limits.ts'
import { OssError } from '../../port.ts'
import { actionOn, checkRole, checkSession } from '../access.ts'
import { httpTime, quoted } from '../answers.ts'
import { checkReadable } from '../attributes.ts'
import { READ_CONDITIONS, isUnmodified } from '../conditions.ts'
import { findContent, versionHeader } from '../operations/read.ts'
import { writeOptions } from '../operations/write.ts'
import { invalidArgument } from '../parameters.ts'
import type { Images } from '../../images/images.ts'
import type { Answer, Exchange, Feature, WireContext } from '../exchange.ts'

const PROCESS = 'x-oss-process'
const BODY_BYTES_MAX = 64 * 1024
const SAVE_AS = /^(.+)\|sys\/saveas,(.+)$/s

export function imagesFeature(images: Images): Feature {
  const row = { level: 'object', flags: [PROCESS] } as const
  return {
    operations: [
      {
        ...{ ...row, name: 'GetObject', method: 'GET', action: 'GetObject', access: 'read' },
        handle: (exchange, context) => getProcessed(images, exchange, context),
      },
      {
        ...{ ...row, name: 'HeadObject', method: 'HEAD', action: 'GetObject', access: 'read' },
        handle: async (exchange, context) => withoutBody(await getProcessed(images, exchange, context)),
      },
      {
        ...{ ...row, name: 'PostProcessTask', method: 'POST', action: 'PostProcessTask', access: 'owner' },
        handle: (exchange, context) => saveProcessed(images, exchange, context),
      },
    ],
  }
}

async function getProcessed(images: Images, exchange: Exchange, context: WireContext): Promise<Answer> {
  const { head, content } = await findContent(exchange, context)
  checkReadable(content, exchange.receivedMs)
  const headers: Record<string, string> = {
    etag: quoted(content.etag),
    'last-modified': httpTime(Math.max(head.modifiedMs, content.modifiedMs)),
    ...(head.headers['cache-control'] !== undefined && { 'cache-control': head.headers['cache-control'] }),
    ...versionHeader(exchange, head),
  }
  if (isUnmodified(exchange.headers, READ_CONDITIONS, content)) return { status: 304, headers }
  const { body, contentType } = await images.process(
    exchange.bucket,
    content,
    exchange.query.get(PROCESS)!,
    checkWatermark(exchange, context),
  )
  headers['content-type'] = contentType
  if (body !== null) return { status: 200, headers, body }
  headers['content-length'] = String(content.size)
  return { status: 200, headers, body: await context.store.read(content) }
}

function withoutBody({ status, headers, body }: Answer): Answer {
  if (body instanceof Readable) body.destroy()
  const length = body instanceof Uint8Array ? { 'content-length': String(body.length) } : {}
  return { status, headers: { ...headers, ...length } }
}

/** The body says what to do and where to keep what comes of it. */
async function saveProcessed(images: Images, exchange: Exchange, context: WireContext): Promise<Answer> {
  const { store } = context
  const form = new URLSearchParams(await exchange.body.text(BODY_BYTES_MAX))
  const task = form.get(PROCESS) ?? exchange.query.get(PROCESS) ?? ''
  const [, process, saveAs] = SAVE_AS.exec(task) ?? []
  if (process === undefined || saveAs === undefined) {
    throw invalidArgument(PROCESS, task, 'operations followed by |sys/saveas,o_{object},b_{bucket}')
  }
  const target = readSaveAs(saveAs, exchange.bucketName)
  const bucket = store.bucket(target.bucket)
  if (bucket === undefined) {
    throw new OssError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: target.bucket })
  }
  checkRole(exchange, 'PutObject', target.bucket, target.key, context)
  const { bucketName, key, query } = exchange
  checkSession(exchange, actionOn('GetObject', query.get('versionId')), bucketName, key, context)
  const { content } = await findContent(exchange, context)
  checkReadable(content, exchange.receivedMs)
  const check = checkWatermark(exchange, context)
  const { body, contentType } = await images.process(exchange.bucket, content, process, check)
  const { cause, eventName } = writeOptions(exchange, 'ObjectCreated:PutObject')
  const source = body === null ? await store.read(content) : [body]
  const stored = await store.put(target.bucket, target.key, asAsync(source), {
    ...{ cause, eventName },
    ...(body !== null && { contentMd5: hash('md5', body, 'base64'), contentLength: body.length }),
    attributes: { contentType, headers: {}, meta: {}, acl: 'default', tags: {}, storageClass: bucket.storageClass },
  })
  const answer = { bucket: target.bucket, fileSize: stored.size, object: target.key, status: 'OK' }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) }
}

function checkWatermark(exchange: Exchange, context: WireContext): (key: string) => void {
  return (key) => checkSession(exchange, 'GetObject', exchange.bucketName, key, context)
}

async function* asAsync(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function readSaveAs(text: string, sourceBucket: string): { bucket: string; key: string } {
  let bucket = sourceBucket
  let key = ''
  for (const pair of text.split(',')) {
    if (pair.startsWith('o_')) key = decodeBase64(pair.slice(2))
    else if (pair.startsWith('b_')) bucket = decodeBase64(pair.slice(2))
    else throw invalidArgument('sys/saveas', pair, 'o_{object} and b_{bucket}, each in URL-safe Base64')
  }
  checkKey(key)
  return { bucket, key }
}
