/**
 * What goes over the WebSocket of an exec; docs/reference/exec.md has it in words.
 * To the client: binary frames, the first byte is the channel. From the client: a binary frame is standard input as it
 * is (the Node SDK); a text frame begins with the channel (the Go SDK), so the two cannot be mistaken for each other.
 */
import { TERMINAL_SIDE_MAX } from './limits.ts'

export const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 5 } as const

export function frame(channel: number, payload: Buffer | string): Buffer {
  return Buffer.concat([Buffer.of(channel), typeof payload === 'string' ? Buffer.from(payload) : payload])
}

export type ClientFrame =
  | { kind: 'stdin'; data: Buffer }
  | { kind: 'endOfStdin' }
  | { kind: 'resize'; columns: number; rows: number }
  /** Against the rules, and why. */
  | { kind: 'broken'; reason: string }

export function readClientFrame(data: Buffer, isBinary: boolean): ClientFrame {
  if (isBinary) return { kind: 'stdin', data }
  const payload = data.subarray(1)
  switch (data[0]) {
    case Channel.stdin:
      return { kind: 'stdin', data: payload }
    case Channel.resize:
      return readResize(payload.toString())
    case Channel.close:
      return { kind: 'endOfStdin' }
    default:
      return { kind: 'broken', reason: 'a text frame begins with a channel: 0 (stdin), 4 (resize) or 5 (end of stdin)' }
  }
}

/** `{"Width":80,"Height":24}`, keys in any case. */
function readResize(json: string): ClientFrame {
  let size: Record<string, unknown>
  try {
    size = Object.fromEntries(
      Object.entries(JSON.parse(json) as object).map(([key, value]) => [key.toLowerCase(), value as unknown]),
    )
  } catch {
    size = {}
  }
  const { width, height } = size
  if (isSide(width) && isSide(height)) return { kind: 'resize', columns: width, rows: height }
  const reason = `resize takes {"Width":columns,"Height":rows}, each a whole number from 1 to ${TERMINAL_SIDE_MAX}`
  return { kind: 'broken', reason }
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= TERMINAL_SIDE_MAX
}
