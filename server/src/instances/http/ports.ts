/** Ports for programs that share one network: each gets one that nobody listens on. */
import { createServer, type AddressInfo } from 'node:net'

export class Ports {
  readonly #taken = new Set<number>()

  /**
   * The wanted port when it is free, so that a program that names it by itself works, else any; to be given back. Rejects
   * when there is none. Until the program listens, somebody else may: then it ends, and says so.
   */
  async take(host: string, wanted: number): Promise<number> {
    for (const port of [wanted, 0]) {
      const found = this.#taken.has(port) ? null : await tryPort(host, port)
      if (found === null || this.#taken.has(found)) continue
      this.#taken.add(found)
      return found
    }
    throw new Error('the host has no port free')
  }

  giveBack(port: number): void {
    this.#taken.delete(port)
  }
}

function tryPort(host: string, wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ host, port: wanted }, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
