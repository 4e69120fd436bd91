/** The output of one invocation: split into lines for the log store, its end kept for the caller who asked. */
import { createLineSplitter, type LineSplitter, type LogLine } from '../logs/port.ts'

/** Function Compute answers the last 4 KB of log in X-Fc-Log-Result. */
const LOG_TAIL_BYTES_MAX = 4096

export class LogCapture {
  readonly #append: (stream: LogLine['stream'], text: string) => void
  readonly #tail: string[] | null
  #tailBytes = 0
  #stdout: LineSplitter | null = null
  #stderr: LineSplitter | null = null

  constructor(append: (stream: LogLine['stream'], text: string) => void, wantsTail: boolean) {
    this.#append = append
    this.#tail = wantsTail ? [] : null
  }

  push(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const onLine = (text: string) => {
      this.#append(stream, text)
      this.mark(text)
    }
    if (stream === 'stdout') (this.#stdout ??= createLineSplitter(onLine)).push(chunk)
    else (this.#stderr ??= createLineSplitter(onLine)).push(chunk)
  }

  /** A line for the tail alone: the markers are derived in the store. */
  mark(text: string): void {
    if (this.#tail === null) return
    this.#tail.push(text)
    this.#tailBytes += Buffer.byteLength(text) + 1
    while (this.#tail.length > 1 && this.#tailBytes - Buffer.byteLength(this.#tail[0]!) - 1 >= LOG_TAIL_BYTES_MAX) {
      this.#tailBytes -= Buffer.byteLength(this.#tail.shift()!) + 1
    }
  }

  end(): void {
    this.#stdout?.end()
    this.#stderr?.end()
  }

  /** The last 4096 bytes, from a character's start. */
  tail(): string {
    if (this.#tail === null) return ''
    const bytes = Buffer.from(this.#tail.join('\n'))
    let from = Math.max(0, bytes.length - LOG_TAIL_BYTES_MAX)
    while (from < bytes.length && (bytes[from]! & 0xc0) === 0x80) from++
    return bytes.toString('utf8', from)
  }
}
