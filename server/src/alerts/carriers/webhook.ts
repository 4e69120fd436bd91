/** Posts notices as JSON, signed. */
import { createHmac } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Carry } from './carrier.ts'

export interface WebhookDeps {
  clock: Clock
  /**
   * Resolves when a status of 2xx was answered; what else is answered is not read, redirects are not followed, and addresses
   * that would give the host away are refused. Rejects otherwise, at the latest after `answerMsMax`.
   */
  post: (
    url: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    answerMsMax?: number,
  ) => Promise<void>
  answerMsMax?: number
}

/** `v1=` and the HMAC-SHA256 of the time, a dot and the body, in hex. With the time, a copy of an old notice can be told. */
export function signatureOf(secret: string, timeMs: number, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timeMs}.${body}`).digest('hex')}`
}

export function createWebhookCarrier({ clock, post, answerMsMax }: WebhookDeps): Carry<'webhook'> {
  return ({ id, notice }, { url, secret }) => {
    const body = JSON.stringify(notice)
    const timeMs = clock.nowMs()
    return post(
      url,
      Buffer.from(body),
      {
        'X-Sluice-Delivery': id,
        'X-Sluice-Timestamp': String(timeMs),
        ...(secret !== '' && { 'X-Sluice-Signature': signatureOf(secret, timeMs, body) }),
      },
      answerMsMax,
    )
  }
}
