import { fileURLToPath } from 'node:url'
import { freePort } from '../http.ts'
import { startServer } from './peer.ts'
import type { Peer } from './peer.ts'

const app = fileURLToPath(import.meta.resolve('../apps/node-http.mjs'))

/** A bare `node:http` server: the floor for anything written in Node.js. */
export const nodeHttp: Peer = {
  name: 'node:http',
  async start() {
    const port = await freePort()
    return startServer([process.execPath, app, String(port)], port)
  },
}
