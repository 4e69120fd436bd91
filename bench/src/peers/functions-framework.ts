import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../http.ts'
import { startServer } from './peer.ts'
import type { Peer } from './peer.ts'

const library = createRequire(import.meta.url).resolve('@google-cloud/functions-framework')
const program = join(dirname(library), 'main.js')
const inApps = (name: string) => fileURLToPath(import.meta.resolve(`../apps/${name}`))

/** Google's runtime for Cloud Functions: one process, no platform around it. */
const peer = (app: string): Peer => ({
  name: 'functions-framework',
  async start() {
    const port = await freePort()
    const flags = ['--target=hello', `--source=${app}`, `--port=${port}`]
    return startServer([process.execPath, program, ...flags], port)
  },
})

export const functionsFramework = peer(inApps('functions-framework.cjs'))
/** With a function that waits instead of answering at once. */
export const functionsFrameworkWork = peer(inApps('work-functions-framework.cjs'))
