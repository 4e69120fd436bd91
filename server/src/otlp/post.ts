/** One export over HTTP: its body goes out as JSON, and the answer is read within bounds. */
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Agent as HttpAgent, request as httpRequest } from '../node-http.ts'
import type { ExportAnswer } from './retry.ts'

/** From asking for a connection to the end of the answer, as the exporters of OpenTelemetry have it. */
const EXPORT_MS_MAX = 10_000
const ANSWER_BYTES_MAX = 65_536
/** Of what the collector says, which ends in a log. */
const MESSAGE_LENGTH_MAX = 300
/** What is shorter stands in a message by chance. */
const SECRET_LENGTH_MIN = 8
/** Traces, logs and metrics go side by side. */
const CONNECTIONS_MAX = 3

export interface ExportPoster {
  /** Never rejects. */
  post(path: string, body: string): Promise<ExportAnswer>
  close(): void
}

/** `url`: of the collector; the paths of the signals follow it. */
export function createPoster(url: string, headers: Record<string, string>, exportMsMax = EXPORT_MS_MAX): ExportPoster {
  const base = url.replace(/\/+$/, '')
  const isHttps = base.startsWith('https:')
  const agent = new (isHttps ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: CONNECTIONS_MAX })
  const send = isHttps ? httpsRequest : httpRequest
  // Some collectors answer with what they were sent; `Bearer` is no part of the secret.
  const secrets = Object.values(headers)
    .flatMap((value) => [value, ...value.split(' ')])
    .filter(({ length }) => length >= SECRET_LENGTH_MIN)
  const hide = (text: string) => secrets.reduce((said, secret) => said.replaceAll(secret, '(secret)'), text)
  const told = (answer: ExportAnswer) => ({ ...answer, message: hide(answer.message).slice(0, MESSAGE_LENGTH_MAX) })
  return {
    post(path, body) {
      return new Promise((resolve) => {
        const fail = (message: string) => resolve({ status: 0, retryAfter: undefined, rejected: 0, message })
        const options = {
          method: 'POST',
          agent,
          signal: AbortSignal.timeout(exportMsMax),
          headers: { ...headers, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
        }
        const onError = (error: Error) =>
          fail(error.name === 'AbortError' ? `no answer within ${exportMsMax / 1000} s` : error.message)
        send(`${base}${path}`, options, (response) => void read(response).then(told).then(resolve, onError))
          .on('error', onError)
          .end(body)
      })
    },
    close: () => agent.destroy(),
  }
}

async function read(response: IncomingMessage): Promise<ExportAnswer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) break
    chunks.push(chunk)
  }
  const status = response.statusCode ?? 0
  const told = partialSuccess(Buffer.concat(chunks).toString())
  const isTaken = status >= 200 && status < 300
  return {
    status,
    retryAfter: response.headers['retry-after'],
    rejected: isTaken ? told.rejected : 0,
    message: isTaken ? told.message : `it answered with status ${status}`,
  }
}

const NOTHING = { rejected: 0, message: '' }

/** Of `{partialSuccess: {rejectedSpans, errorMessage}}`; the number has a name for each signal. */
function partialSuccess(text: string): { rejected: number; message: string } {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return NOTHING
  }
  const { partialSuccess: partial } = (answer ?? {}) as { partialSuccess?: Record<string, unknown> | null }
  if (typeof partial !== 'object' || partial === null) return NOTHING
  const number = Object.entries(partial).find(([name]) => name.startsWith('rejected'))?.[1]
  const rejected = Math.max(0, Math.trunc(Number(number)))
  const message = partial['errorMessage']
  return {
    rejected: Number.isFinite(rejected) ? rejected : 0,
    message: typeof message === 'string' ? message : '',
  }
}
