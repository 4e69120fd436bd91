/** The format of access logs. Pure. */
import { unescape } from 'node:querystring'
import type { Exchange } from '../exchange.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Of a signed URL: who read them in a log could use it until it expires. */
const PROOFS = new Set(['signature', 'security-token', 'x-oss-signature', 'x-oss-security-token'])

type Asked = Pick<
  Exchange,
  'method' | 'url' | 'headers' | 'bucketName' | 'key' | 'caller' | 'sourceIp' | 'receivedMs' | 'requestId' | 'body'
>

/** Fields as OSS documents them; `-` is what is not known here. Times are UTC. */
export function accessLogLine(
  exchange: Asked,
  operation: string,
  { status, bytes, ms }: { status: number; bytes: number; ms: number },
  accountId: string,
): string {
  const { method, url, headers, bucketName, key, caller, sourceIp, receivedMs, requestId, body } = exchange
  const time = Math.round(ms)
  const fields = [
    ...[sourceIp || '-', '-', '-', `[${logTime(receivedMs)}]`],
    quoted(`${method} ${withoutProofs(url)} HTTP/1.1`),
    ...[status, bytes, time],
    ...[headers.referer && withoutProofs(headers.referer), headers['user-agent'], headers.host, requestId, 'true'].map(
      quoted,
    ),
    ...[caller?.accountId, operation, bucketName, key === '' ? undefined : encodeURIComponent(key)].map(quoted),
    ...['-', time, quoted(undefined), body.length ?? '-', quoted(accountId), '-', quoted(undefined)],
  ]
  return `${fields.join(' ')}\n`
}

function withoutProofs(url: string): string {
  return url.replaceAll(/([?&])([^=&#]*)=[^&#]*/g, (pair, mark: string, name: string) =>
    PROOFS.has(unescape(name).toLowerCase()) ? `${mark}${name}=-` : pair,
  )
}

/** What a client sent must not end its field, or its line. */
function quoted(text: string | undefined): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return `"${(text ?? '-').replaceAll(/["\\\0-\x1f\x7f]/g, (mark) => encodeURIComponent(mark))}"`
}

function logTime(timeMs: number): string {
  const time = new Date(timeMs)
  const pad = (value: number) => String(value).padStart(2, '0')
  const day = `${pad(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${time.getUTCFullYear()}`
  return `${day}:${time.toISOString().slice(11, 19)} +0000`
}

/** `<TargetPrefix><SourceBucket>YYYY-mm-DD-HH-MM-SS-UniqueString` */
export function accessLogKey(prefix: string, bucket: string, timeMs: number, unique: string): string {
  return `${prefix}${bucket}${new Date(timeMs).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}-${unique}`
}
