/** Streams that the platform keeps open: what is logged, as it comes. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { signAcs3 } from '../../src/auth/port.ts'
import type { TestPlatform } from './platform.ts'

/** A signed request that is still under way: its answer can be read as it comes, or given up. */
export function open(platform: TestPlatform, method: string, path: string, body = ''): ClientRequest {
  const headers = signAcs3(
    {
      method,
      url: path,
      host: `127.0.0.1:${platform.port}`,
      headers: {},
      bodySha256: createHash('sha256').update(body).digest('hex'),
    },
    { ...platform.credentials, securityToken: null },
    randomUUID(),
    Date.now(),
  )
  const call = request({ host: '127.0.0.1', port: platform.port, method, path, headers: { ...headers }, agent: false })
  return call.end(body)
}

export interface Followed {
  /** Resolves to the next object that is no heartbeat. */
  next(): Promise<unknown>
  close(): void
}

/** Opens a follow stream of Sluice's own endpoints. */
export async function follow(platform: TestPlatform, path: string): Promise<Followed> {
  const call = open(platform, 'GET', path)
  const [message] = (await once(call, 'response')) as [IncomingMessage]
  assert.equal(message.statusCode, 200)
  const items = createInterface({ input: message })[Symbol.asyncIterator]()
  return {
    async next() {
      for (;;) {
        const { value, done } = await items.next()
        assert.notEqual(done, true, 'the stream ended')
        const item = JSON.parse(value as string) as Record<string, unknown>
        if (!('heartbeatMs' in item)) return item
      }
    },
    close: () => void call.destroy(),
  }
}
