/** Upgrades to WebSocket: those to functions go the way of their requests, the platform's own addresses have one use for them. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ServerResponse } from '../node-http.ts'
import type { Clock } from '../clock.ts'
import type { Gateway } from './gateway.ts'
import type { Routing } from './routing.ts'
import { hostName, isProxyPath, triggerHostId } from './target.ts'

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface UpgradeDeps {
  clock: Clock
  routing: Pick<Routing, 'domain'>
  gateway: Gateway
  /** Of the management API; refuses the paths that it does not know. */
  management: Upgrade
}

/** A client may keep its half open this long after it was answered. */
const LINGER_MS = 1_000

export function createUpgradeGate(options: { publicHost: string }, deps: UpgradeDeps): Upgrade {
  return (request, socket, head) => {
    const host = hostName(request.headers.host ?? '')
    const isFunctions =
      triggerHostId(host, options.publicHost) !== null ||
      deps.routing.domain(host) !== undefined ||
      isProxyPath(request.url!)
    if (!isFunctions) return deps.management(request, socket, head)
    socket.on('error', () => {})
    const response = responseOn(socket, request, deps.clock)
    deps.gateway(request, response, { socket, head, response })
  }
}

/** An answer instead of the upgrade, after which the connection ends. */
function responseOn(socket: Duplex, request: IncomingMessage, clock: Clock) {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  response.on('finish', () => {
    socket.end()
    // Closing over what was not read would reset the connection, and the answer might be lost with it.
    socket.resume()
    const timer = clock.setTimer(LINGER_MS, () => socket.destroy())
    socket.once('close', () => timer.cancel())
  })
  return response
}
