/** Delivers what a process prints, at a bounded rate: a flood fills the pipe and blocks its writer, not the platform. */
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'

/** 10 MB/s: far beyond any log, far below what would keep the event loop busy. */
const WINDOW_MS = 100
const WINDOW_BYTES_MAX = 1024 * 1024

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => void

/** Nothing is held here: a chunk goes to `onOutput` at once, and while it is not read it stays in the kernel's pipe. */
export function deliverOutput(streams: { stdout: Readable; stderr: Readable }, onOutput: OnOutput, clock: Clock): void {
  let windowStartMs = clock.monotonicMs()
  let windowBytes = 0
  const resume = (): void => {
    windowBytes = 0
    windowStartMs = clock.monotonicMs()
    streams.stdout.resume()
    streams.stderr.resume()
  }
  const deliver = (name: 'stdout' | 'stderr', chunk: Buffer): void => {
    onOutput(name, chunk)
    const nowMs = clock.monotonicMs()
    if (nowMs - windowStartMs > WINDOW_MS) {
      windowStartMs = nowMs
      windowBytes = 0
    }
    const before = windowBytes
    windowBytes += chunk.length
    if (windowBytes < WINDOW_BYTES_MAX || before >= WINDOW_BYTES_MAX) return
    streams.stdout.pause()
    streams.stderr.pause()
    clock.setTimer(WINDOW_MS, resume)
  }
  streams.stdout.on('data', (chunk: Buffer) => deliver('stdout', chunk))
  streams.stderr.on('data', (chunk: Buffer) => deliver('stderr', chunk))
}
