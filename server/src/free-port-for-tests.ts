import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A free port, whose next one is free as well: the object service follows the platform. Below those that systems give to
 * connections, which could take it before the program does that it is meant for.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    const probes = await Promise.allSettled([listenOnce(port), listenOnce(port + 1)])
    if (probes.every(({ status }) => status === 'fulfilled')) return port
  }
}

async function listenOnce(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
