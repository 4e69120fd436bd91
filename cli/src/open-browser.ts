/** Opens an address with whatever the desktop has for it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Environment } from './connection.ts'

export const OPENER = process.platform === 'darwin' ? 'open' : 'xdg-open'

/** Resolves once the opener runs, which may take as long as the browser; rejects when there is none. */
export async function openBrowser(url: string, environment: Environment): Promise<void> {
  const child = spawn(OPENER, [url], { env: environment, stdio: 'ignore', detached: true })
  await once(child, 'spawn')
  child.unref()
}
