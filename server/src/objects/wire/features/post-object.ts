/** Objects uploaded by a form of a web page. */
import { verifyPostPolicy } from '../auth/post-policy.ts'
import { checkAccess } from '../access.ts'
import { quoted, xmlAnswer } from '../answers.ts'
import { readAttributes } from '../attributes.ts'
import { checkKey, objectLimits } from '../../limits.ts'
import { OssError, type PutOptions, type PutResult } from '../../port.ts'
import { storedHeaders, writeOptions } from '../operations/write.ts'
import { causeOf } from '../cause.ts'
import { percentEncodePath } from '../target.ts'
import { checkFormPolicy, lengthRange, readFormPolicy } from './form-policy.ts'
import { readForm, type UploadForm } from './form-reader.ts'
import type { Callbacks } from './callback.ts'
import type { Answer, Exchange, Feature, Operation, WireContext } from '../exchange.ts'

/** Whom the form belongs to is known when its fields were read, and asked with this. */
const WRITE: Operation = {
  name: 'PostObject',
  level: 'object',
  method: 'POST',
  action: 'PutObject',
  access: 'write',
  handle: () => Promise.reject(new Error('asked for access only')),
}
const SUCCESS_STATUSES = ['200', '201', '204']
const HEADER_FIELDS = [
  ...['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'],
  ...['x-oss-object-acl', 'x-oss-storage-class', 'x-oss-tagging'],
]

/** `policies`: the features that have a word on access. */
export function postObjectFeature(policies: readonly Feature[], callbacks: Callbacks): Feature {
  return {
    operations: [
      {
        ...{ name: 'PostObject', level: 'bucket', method: 'POST', action: 'PutObject', access: 'handler' },
        handle: (exchange, context) => postObject(exchange, context, policies, callbacks),
      },
    ],
  }
}

async function postObject(
  exchange: Exchange,
  context: WireContext,
  policies: readonly Feature[],
  callbacks: Callbacks,
): Promise<Answer> {
  const form = await readForm(exchange.headers['content-type'] ?? '', exchange.body.stream())
  try {
    return await storeForm(exchange, form, context, policies, callbacks)
  } finally {
    form.close()
  }
}

async function storeForm(
  exchange: Exchange,
  form: UploadForm,
  context: WireContext,
  policies: readonly Feature[],
  callbacks: Callbacks,
): Promise<Answer> {
  const { fields } = form
  const key = (fields.get('key') ?? '').replaceAll('${filename}', () => form.fileName)
  if (key === '') throw new OssError('InvalidArgument', 'The form must have the field key.', { ArgumentName: 'key' })
  checkKey(key)
  const upload = authenticated(exchange, key, form, context)
  await checkAccess(upload, WRITE, policies, context)
  const callback = callbacks.ofForm(fields)
  const status = statusOf(fields)
  const stored = await store(upload, form, context)
  if (callback !== null) return callbacks.run(callback, upload, stored, storedHeaders(upload, stored))
  return success(upload, stored, status, fields.get('success_action_redirect'))
}

/** The request as it is once its form tells who sends it and what it writes. */
function authenticated(exchange: Exchange, key: string, { fields }: UploadForm, context: WireContext): Exchange {
  const { bucketName, bucket, receivedMs } = exchange
  const proof = verifyPostPolicy(fields, context.keys, receivedMs)
  const policy = fields.get('policy')
  if (policy !== undefined) {
    const known = new Map([...fields, ['bucket', bucketName], ['key', key]])
    checkFormPolicy(readFormPolicy(policy), known, receivedMs)
  }
  const { requestId, method, url, headers, query, sourceIp, body } = exchange
  const caller = proof?.principal ?? null
  return {
    ...{ requestId, method, url, headers, query, bucketName, bucket, sourceIp, receivedMs, body, key, caller },
    cause: causeOf(exchange, caller, context),
    head: () => context.store.head({ bucket: bucketName, key }),
  }
}

function statusOf(fields: ReadonlyMap<string, string>): number {
  const status = fields.get('success_action_status') ?? '204'
  // As documented: what is not one of these counts as the default.
  return SUCCESS_STATUSES.includes(status) ? Number(status) : 204
}

async function store(upload: Exchange, form: UploadForm, context: WireContext): Promise<PutResult> {
  const { bucket, key } = upload
  const { fields } = form
  const policy = fields.get('policy')
  const { min, max } = policy === undefined ? { min: 0, max: Infinity } : lengthRange(readFormPolicy(policy))
  const contentMd5 = fields.get('content-md5')
  const options: PutOptions = {
    ...writeOptions(upload, 'ObjectCreated:PostObject'),
    ...(fields.get('x-oss-forbid-overwrite') === 'true' && { forbidOverwrite: true }),
    ...(contentMd5 !== undefined && { contentMd5 }),
    attributes: readAttributes(asHeaders(form), bucket.storageClass),
  }
  return context.store.put(bucket.name, key, measured(form.file, min, Math.min(max, objectLimits.putBytesMax)), options)
}

/** Fields are text where headers are bytes of it. */
function asHeaders({ fields, fileType }: UploadForm): Record<string, string> {
  const asBytes = (text: string) => Buffer.from(text).toString('latin1')
  const kept = [...fields].filter(([name]) => HEADER_FIELDS.includes(name) || name.startsWith('x-oss-meta-'))
  const contentType = fields.get('x-oss-content-type') ?? fields.get('content-type') ?? fileType
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, asBytes(value)])),
    ...(contentType !== undefined && { 'content-type': asBytes(contentType) }),
  }
}

/** What is too small or too large is not stored. */
async function* measured(file: AsyncIterable<Uint8Array>, min: number, max: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of file) {
    bytes += chunk.length
    if (bytes > max) {
      throw new OssError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size.', {
        MaxSizeAllowed: String(max),
      })
    }
    yield chunk
  }
  if (bytes < min) {
    throw new OssError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size.', {
      MinSizeAllowed: String(min),
      ProposedSize: String(bytes),
    })
  }
}

function success(upload: Exchange, stored: PutResult, status: number, redirect: string | undefined): Answer {
  const { bucketName, key, url, headers: requestHeaders } = upload
  const headers = storedHeaders(upload, stored)
  if (redirect !== undefined && /^https?:\/\//i.test(redirect) && URL.canParse(redirect)) {
    const target = new URL(redirect)
    const result = { bucket: bucketName, key, etag: quoted(stored.etag) }
    for (const [name, value] of Object.entries(result)) target.searchParams.set(name, value)
    return { status: 303, headers: { ...headers, location: target.href } }
  }
  // With the bucket where it stood in the path.
  const path = url.replace(/\/?(\?.*)?$/s, '')
  const location = `http://${requestHeaders.host ?? ''}${path}/${percentEncodePath(key)}`
  if (status !== 201) return { status, headers: { ...headers, location } }
  const document = { Bucket: bucketName, Location: location, Key: key, ETag: quoted(stored.etag) }
  return { ...xmlAnswer('PostResponse', document, { ...headers, location }), status }
}
