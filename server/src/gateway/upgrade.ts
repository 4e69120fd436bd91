/** Upgrades to WebSocket: the platform's own addresses have one use for them, functions none. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { uuidV7, type Clock } from '../clock.ts'
import { FcError } from '../errors.ts'
import { refuseSocket } from '../raw-answer.ts'
import type { Routing } from './routing.ts'
import { hostName, triggerHostId } from './target.ts'

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface UpgradeDeps {
  clock: Clock
  routing: Pick<Routing, 'domain'>
  /** Of the management API; refuses the paths that it does not know. */
  management: Upgrade
}

export function createUpgradeGate(options: { publicHost: string }, deps: UpgradeDeps): Upgrade {
  return (request, socket, head) => {
    const host = hostName(request.headers.host ?? '')
    const isFunctions = triggerHostId(host, options.publicHost) !== null || deps.routing.domain(host) !== undefined
    if (!isFunctions) return deps.management(request, socket, head)
    socket.on('error', () => {})
    const error = new FcError('NotImplemented', 'functions answer HTTP requests, not yet WebSocket connections')
    refuseSocket(socket, error, uuidV7(deps.clock.nowMs()), deps.clock)
  }
}
