/** A door that functions knock at: a test learns that their code runs, and lets them go on when it wants. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gate {
  url: string
  /** Resolves when so many stand before the door. */
  waiting(count: number): Promise<void>
  /** Lets in those who wait and all who come. */
  open(): void
  /** Whoever comes waits again. */
  shut(): void
  close(): void
}

/** Source of a handler that knocks and answers `let in`; the door's address is in the variable GATE. */
export const KNOCKING = `
  exports.handler = async () => {
    await (await fetch(process.env.GATE)).text()
    return 'let in'
  }`

export async function startGate(): Promise<Gate> {
  const before = new Set<ServerResponse>()
  let isOpen = false
  let wanted: { count: number; resolve(): void } | null = null
  const server = createServer((_request, response) => {
    if (isOpen) {
      response.end()
      return
    }
    before.add(response)
    response.on('close', () => before.delete(response))
    if (wanted && before.size >= wanted.count) wanted.resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async waiting(count) {
      if (before.size >= count) return
      const { promise, resolve } = Promise.withResolvers<void>()
      wanted = { count, resolve }
      await promise
    },
    open() {
      isOpen = true
      for (const response of before) response.end()
    },
    shut: () => void (isOpen = false),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
