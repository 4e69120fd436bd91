import { fileURLToPath } from 'node:url'
import { freePort } from '../http.ts'
import { startServer } from './peer.ts'
import type { Peer } from './peer.ts'

const app = fileURLToPath(import.meta.resolve('../apps/fastify.mjs'))

export const fastify: Peer = {
  name: 'fastify',
  async start() {
    const port = await freePort()
    return startServer([process.execPath, app, String(port)], port)
  },
}
