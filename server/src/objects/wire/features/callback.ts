/** Uploads that an application is told of; its answer becomes that of the upload. */
import type { Images } from '../../images/images.ts'
import { OssError, type ObjectHead, type ObjectStore, type PutResult } from '../../port.ts'
import { errorAnswer } from '../answers.ts'
import {
  callbackBody,
  callbackStringToSign,
  readCallback,
  readCallbackVariables,
  usesImageInfo,
  type CallbackRequest,
  type CallbackValues,
} from './callback-request.ts'
import { openCallbackKey, type CallbackKey } from './callback-key.ts'
import { sendCallback } from './callback-sender.ts'
import type { Answer, Exchange, Feature, Operation } from '../exchange.ts'

const OPERATIONS = ['PutObject', 'CompleteMultipartUpload']
const KEY_FLAG = 'callback-public-key'

export interface CallbackDeps {
  store: Pick<ObjectStore, 'head'>
  images: Images
  keyFile: string
  /** Where this wire is reached; applications fetch the public key there. */
  endpoint: string
}

export class Callbacks {
  readonly #deps: CallbackDeps
  #key: Promise<CallbackKey> | undefined

  constructor(deps: CallbackDeps) {
    this.#deps = deps
  }

  get feature(): Feature {
    return {
      operations: [
        {
          ...{ name: 'GetCallbackPublicKey', level: 'service', method: 'GET', flags: [KEY_FLAG] },
          ...{ action: 'GetCallbackPublicKey', access: 'handler' },
          handle: async () => {
            const { publicKey } = await this.#openKey()
            return { status: 200, headers: { 'content-type': 'text/plain' }, body: publicKey }
          },
        },
      ],
      // What cannot be told is refused before anything is stored.
      admit: (exchange, operation) => void this.#ofRequest(exchange, operation),
      stored: async (exchange, operation, stored, answer) => {
        const callback = this.#ofRequest(exchange, operation)
        return callback === null ? answer : this.run(callback, exchange, stored, answer.headers ?? {})
      },
    }
  }

  #ofRequest({ headers, query }: Exchange, { name }: Operation): CallbackRequest | null {
    if (!OPERATIONS.includes(name)) return null
    const read = (parameter: string) => {
      const [header, value] = [headers[`x-oss-${parameter}`], query.get(parameter)]
      if (header !== undefined && value !== undefined) {
        throw new OssError('InvalidArgument', `Give ${parameter} either in a header or in the query.`, {
          ArgumentName: parameter,
        })
      }
      return header === undefined ? value : String(header)
    }
    const variables = read('callback-var')
    const callback = read('callback')
    if (callback === undefined) return null
    return readCallback(callback, variables === undefined ? new Map() : readCallbackVariables(variables))
  }

  /** `fields`: lower-case names; variables are fields of their own. */
  ofForm(fields: ReadonlyMap<string, string>): CallbackRequest | null {
    const callback = fields.get('callback')
    const variables = new Map([...fields].filter(([name]) => name.startsWith('x:')))
    return callback === undefined ? null : readCallback(callback, variables)
  }

  /** The application's answer with the upload's headers, or CallbackFailed: the object stays. */
  async run(
    callback: CallbackRequest,
    exchange: Exchange,
    stored: PutResult,
    headers: Record<string, string>,
  ): Promise<Answer> {
    const body = callbackBody(callback, await this.#values(callback, exchange, stored))
    const key = await this.#openKey()
    let problem = ''
    for (const url of callback.urls) {
      try {
        const answer = await sendCallback({
          ...{ url, body },
          mayReachInside: exchange.caller?.kind === 'account',
          headers: {
            'content-type': callback.bodyType,
            'user-agent': 'aliyun-oss-callback',
            ...(callback.host !== undefined && { host: callback.host }),
            authorization: key.sign(callbackStringToSign(url, body)),
            'x-oss-pub-key-url': Buffer.from(`${this.#deps.endpoint}/?${KEY_FLAG}`).toString('base64'),
            'x-oss-bucket': exchange.bucketName,
            'x-oss-request-id': exchange.requestId,
          },
        })
        return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body: answer }
      } catch (error) {
        problem = (error as Error).message
      }
    }
    const { method, requestId } = exchange
    const failure = errorAnswer(new OssError('CallbackFailed', problem), {
      ...{ method, requestId },
      host: exchange.headers.host ?? '',
    })
    return { ...failure, headers: { ...headers, ...failure.headers } }
  }

  #openKey(): Promise<CallbackKey> {
    // Asked again when it could not be read.
    this.#key ??= openCallbackKey(this.#deps.keyFile).catch((error: unknown) => {
      this.#key = undefined
      throw error
    })
    return this.#key
  }

  async #values(callback: CallbackRequest, exchange: Exchange, stored: PutResult): Promise<CallbackValues> {
    const { bucketName: bucket, key: object, requestId, sourceIp } = exchange
    const head = await this.#deps.store.head({ bucket, key: object, versionId: stored.versionId })
    return {
      ...{ bucket, object, etag: stored.etag, size: stored.size, mimeType: head.contentType, crc64: stored.crc64 },
      ...{ contentMd5: head.contentMd5 ?? '', reqId: requestId, clientIp: sourceIp },
      ...(usesImageInfo(callback) ? await this.#imageInfo(exchange, head) : {}),
    }
  }

  /** Empty for what is no picture. */
  async #imageInfo(exchange: Exchange, head: ObjectHead): Promise<CallbackValues> {
    try {
      const { body } = await this.#deps.images.process(exchange.bucket, head, 'image/info')
      const info = JSON.parse(String(body)) as Record<string, { value: string }>
      return {
        'imageInfo.height': Number(info['ImageHeight']!.value),
        'imageInfo.width': Number(info['ImageWidth']!.value),
        'imageInfo.format': info['Format']!.value,
      }
    } catch (error) {
      if (error instanceof OssError) return {}
      throw error
    }
  }
}
