import { waitUntilAnswers } from '../http.ts'
import type { Endpoint } from '../http.ts'
import { hello3 } from '../apps.ts'
import { makeDataDir, startPlatform, type Platform, type Settings } from '../platform.ts'
import type { Peer } from './peer.ts'

const FIRST_ANSWER_MS_MAX = 30_000

function sluice(name: string, settings: Settings, deploy: (platform: Platform) => Promise<Endpoint>): Peer {
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
        platform = await startPlatform(data.path, settings)
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

export const OUR_NAMES = ['sluice 2.0', 'sluice 3.0'] as const

/** A 2.0 and a 3.0 handler, each on a platform of its own. */
export function sluicePeers(settings: Settings): Peer[] {
  return [
    sluice(OUR_NAMES[0], settings, (platform) => platform.deployHello2('hello')),
    sluice(OUR_NAMES[1], settings, (platform) => platform.deploy3('hello', hello3)),
  ]
}
