/** An address that results are posted to: a test waits for what arrives. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Inbox {
  url: string
  /** The next body that is posted to `path`, as JSON; in order. */
  next(path: string): Promise<ResultEvent>
  close(): void
}

/** What a destination is told. */
export interface ResultEvent {
  timestamp: number
  requestContext: { requestId: string; functionArn: string; condition: string; approximateInvokeCount: number }
  requestPayload: string
  responseContext: { statusCode: number; functionError: string }
  responsePayload: string
}

export async function startInbox(): Promise<Inbox> {
  const arrived = new Map<string, ResultEvent[]>()
  const waiting = new Map<string, ((event: ResultEvent) => void)[]>()
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      response.end()
      const event = JSON.parse(body) as ResultEvent
      const path = request.url!
      const waiter = waiting.get(path)?.shift()
      if (waiter) waiter(event)
      else arrived.set(path, [...(arrived.get(path) ?? []), event])
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async next(path) {
      const first = arrived.get(path)?.shift()
      if (first) return first
      const { promise, resolve } = Promise.withResolvers<ResultEvent>()
      waiting.set(path, [...(waiting.get(path) ?? []), resolve])
      return promise
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
