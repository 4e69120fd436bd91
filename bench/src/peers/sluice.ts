import { waitUntilAnswers } from '../http.ts'
import type { Endpoint } from '../http.ts'
import { makeDataDir, startPlatform } from '../platform.ts'
import type { Platform } from '../platform.ts'
import type { Peer } from './peer.ts'

const FIRST_ANSWER_MS_MAX = 30_000

function sluice(name: string, deploy: (platform: Platform) => Promise<Endpoint>): Peer {
  return {
    name,
    async start() {
      const data = makeDataDir()
      let platform: Platform | undefined
      const stop = async () => {
        await platform?.stop()
        data.remove()
      }
      try {
        platform = await startPlatform(data.path)
        const endpoint = await deploy(platform)
        await waitUntilAnswers(endpoint, FIRST_ANSWER_MS_MAX, () => null)
        return { ...endpoint, pids: platform.pids, stop }
      } catch (error) {
        await stop()
        throw error
      }
    },
  }
}

/** A 2.0 handler, which gets request and response objects and streams. */
export const sluice2 = sluice('sluice 2.0', (platform) => platform.deployHello2('hello'))

/** A 3.0 handler, which gets the request as a JSON event. */
export const sluice3 = sluice('sluice 3.0', (platform) => platform.deployHello3('hello'))
