/**
 * A follow stream: one JSON object a line, until the client leaves. `{heartbeatMs}` comes first and then at intervals,
 * so that either side notices when the other is gone; `{dropped}` counts what a slow reader has missed.
 */
import type { FastifyReply } from 'fastify'
import type { Clock, Timer } from '../../clock.ts'
import { FcError } from '../../errors.ts'

const FOLLOWERS_MAX = 200
export const HEARTBEAT_MS = 10_000
/** What may wait for a slow reader; beyond it lines are dropped, never the platform's memory. */
export const WAITING_BYTES_MAX = 1024 * 1024
/** A reader that takes nothing for so many heartbeats is gone. */
const STALLED_HEARTBEATS_MAX = 6

export interface Followers {
  /** Takes over the reply. `subscribe` starts the source and returns how to stop it. Throws ResourceExhausted, and what `subscribe` throws. */
  open(reply: FastifyReply, subscribe: (send: (item: object) => void) => { stop(): void }): void
  /** Ends all streams. */
  close(): void
}

export function createFollowers(clock: Clock): Followers {
  const open = new Set<() => void>()
  return {
    open(reply, subscribe) {
      if (open.size >= FOLLOWERS_MAX) {
        throw new FcError('ResourceExhausted', `${FOLLOWERS_MAX} follow streams are open; close one first`)
      }
      const end: () => void = startStream(reply, clock, subscribe, () => open.delete(end))
      open.add(end)
    },
    close() {
      for (const end of open) end()
    },
  }
}

function startStream(
  reply: FastifyReply,
  clock: Clock,
  subscribe: (send: (item: object) => void) => { stop(): void },
  onEnd: () => void,
): () => void {
  const { raw } = reply
  let dropped = 0
  let stalledHeartbeats = 0
  let timer: Timer | undefined

  const write = (item: object) => {
    raw.write(`${JSON.stringify(item)}\n`)
  }
  const send = (item: object) => {
    if (raw.writableLength > WAITING_BYTES_MAX) dropped++
    else write(item)
  }
  const beat = () => {
    timer = clock.setTimer(HEARTBEAT_MS, beat)
    if (!raw.writableNeedDrain) {
      stalledHeartbeats = 0
      return write({ heartbeatMs: clock.nowMs() })
    }
    if (++stalledHeartbeats > STALLED_HEARTBEATS_MAX) raw.destroy()
  }

  // Before the first heartbeat: what is appended after the time it tells will come. What it throws is still answered.
  const subscription = subscribe(send)
  const headers = reply.getHeaders() as Record<string, string>
  reply.hijack()
  raw.writeHead(200, { ...headers, 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  beat()
  raw.on('drain', () => {
    if (dropped === 0) return
    write({ dropped })
    dropped = 0
  })
  raw.on('error', () => raw.destroy())
  raw.on('close', () => {
    timer?.cancel()
    subscription.stop()
    onEnd()
  })
  return () => (raw.writableNeedDrain ? raw.destroy() : raw.end())
}
