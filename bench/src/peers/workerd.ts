import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { freePort } from '../http.ts'
import { startServer } from './peer.ts'
import type { Peer } from './peer.ts'

/** The module is a path to the binary of this system. */
const { default: program } = createRequire(import.meta.url)('workerd') as { default: string }
const config = fileURLToPath(import.meta.resolve('../apps/workerd.capnp'))

/** The runtime of Cloudflare Workers. */
export const workerd: Peer = {
  name: 'workerd',
  async start() {
    const port = await freePort()
    return startServer([program, 'serve', config, `--socket-addr=http=127.0.0.1:${port}`], port)
  },
}
