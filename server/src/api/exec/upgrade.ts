/** Upgrades of `…/instances/{id}/exec`: who asks, what for, and then a session. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Authenticator, Authorizer } from '../../auth/port.ts'
import { requestIdV3, uuidV7 } from '../../clock.ts'
import { FcError, toFcError } from '../../errors.ts'
import { refuseSocket } from '../../raw-answer.ts'
import type { Context } from '../operations/context.ts'
import { arnOf } from '../operations/context.ts'
import { findInstance } from '../operations/instances.ts'
import { CLOSE_MS, FRAME_BYTES_MAX, SESSIONS_MAX } from './limits.ts'
import type { ExecProcess } from '../../instances/port.ts'
import { type ExecOptions, readOptions, readTarget } from './request.ts'
import { ExecSession } from './session.ts'

export interface ExecUpgradeDeps {
  /** For the callers of 2.0 and of 3.0. */
  contexts: { v2: Context; v3: Context }
  authenticator: Authenticator
  authorizer: Authorizer
  onDefect: ((error: unknown, requestId: string) => void) | undefined
  /** Hears of each answer to an upgrade: 101 when a session begins. */
  onAnswered: ((operation: string, status: number, durationMs: number) => void) | undefined
}

export interface ExecUpgrades {
  /** Takes the socket; one that asks for something else is refused and closed. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends every session; resolves when their programs have ended. */
  close(): Promise<void>
}

const OPERATION = 'ExecInstance'

export function createExecUpgrades(deps: ExecUpgradeDeps): ExecUpgrades {
  const { contexts, authenticator, authorizer } = deps
  const { clock, instances } = contexts.v3
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    // Go clients send what is typed as text, whatever its bytes are.
    skipUTF8Validation: true,
  })
  const sessions = new Map<ExecSession, Promise<void>>()
  let beginning = 0
  let isClosing = false

  async function begin(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [path = '', search = ''] = (request.url ?? '').split('?', 2)
    const target = readTarget(path)
    if (!target) {
      throw new FcError('NotImplemented', 'WebSocket connections are only for …/functions/{f}/instances/{id}/exec')
    }
    const { principal } = authenticator.authenticate({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
    })
    const context = target.isV3 ? contexts.v3 : contexts.v2
    authorizer.authorize(principal, `fc:${OPERATION}`, arnOf(context, target.resource))
    checkHandshake(request)
    const options = readOptions(new URLSearchParams(search))
    if (isClosing) throw new FcError('ServiceUnavailable', 'the platform is stopping; try again shortly')
    if (sessions.size + beginning >= SESSIONS_MAX) {
      throw new FcError('ResourceExhausted', `${SESSIONS_MAX} programs run in instances already, which is the most`)
    }
    beginning++
    try {
      const { instanceId } = await findInstance(context, target.key, target.instanceId)
      const process = await startProcess(instanceId, options)
      join(request, socket, head, process, options)
    } finally {
      beginning--
    }
  }

  async function startProcess(instanceId: string, { command, terminal }: ExecOptions): Promise<ExecProcess> {
    try {
      return await instances.exec(instanceId, { command, terminal })
    } catch (error) {
      if (error instanceof FcError) throw error
      // The reason is in words, and it is the caller's program that cannot be run.
      throw new FcError('InvalidArgument', `command: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** The client may have gone while the program started. */
  function join(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    process: ExecProcess,
    options: ExecOptions,
  ): void {
    let isJoined = false
    if (!socket.destroyed && !isClosing) {
      server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        isJoined = true
        const { promise: ended, resolve } = Promise.withResolvers<void>()
        const onEnded = () => {
          sessions.delete(session)
          resolve()
        }
        const session = new ExecSession(webSocket, process, options, { clock, onEnded })
        sessions.set(session, ended)
      })
    }
    if (isJoined) return
    process.kill()
    socket.destroy()
  }

  return {
    upgrade(request, socket, head) {
      const ignore = () => {}
      socket.on('error', ignore)
      const startedMs = clock.monotonicMs()
      const isV3 = request.url?.startsWith('/2023-03-30') ?? false
      const requestId = (isV3 ? requestIdV3 : uuidV7)(clock.nowMs())
      begin(request, socket, head).then(
        () => deps.onAnswered?.(OPERATION, 101, clock.monotonicMs() - startedMs),
        (thrown: unknown) => {
          const error = toFcError(thrown)
          if (!(thrown instanceof FcError)) deps.onDefect?.(thrown, requestId)
          deps.onAnswered?.(OPERATION, error.status, clock.monotonicMs() - startedMs)
          refuseSocket(socket, error, requestId, clock)
        },
      )
    },
    async close() {
      isClosing = true
      for (const session of sessions.keys()) session.stop()
      const timer = clock.setTimer(CLOSE_MS, () => {
        for (const session of sessions.keys()) session.terminate()
      })
      await Promise.all(sessions.values())
      timer.cancel()
    },
  }
}

/** What the library would refuse with an answer that is none of ours. */
function checkHandshake({ method, headers }: IncomingMessage): void {
  const key = headers['sec-websocket-key'] ?? ''
  const version = headers['sec-websocket-version']
  if (method === 'GET' && /^[+/0-9A-Za-z]{22}==$/.test(key) && version === '13') return
  throw new FcError(
    'InvalidArgument',
    'the upgrade must be a GET with a valid Sec-WebSocket-Key and with Sec-WebSocket-Version 13',
  )
}
