/** Cuts streams of bytes into lines of text. */

/** Longest stored log line, its cut mark included (Function Compute: 32 KB). */
export const LOG_LINE_BYTES_MAX = 32 * 1024

const CUT_MARK = ' … [cut: the line is longer than 32 KB]'
/** Told of one chunk, which has some 64 KB: more are no log, and each line costs its microsecond. */
export const CHUNK_LINES_MAX = 8192
const DROP_MARK = `… [dropped: more than ${CHUNK_LINES_MAX} lines at once]`
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
/** A little more than the longest line: enough to see that it is too long, carriage return or split character included. */
const KEPT_BYTES_MAX = LOG_LINE_BYTES_MAX + 4
const FIRST_CAPACITY_BYTES = 256
const UTF8_BYTES_PER_CODE_UNIT_MAX = 3

const encoder = new TextEncoder()
const cutBuffer = new Uint8Array(LOG_LINE_BYTES_MAX - Buffer.byteLength(CUT_MARK))

/** The text itself when it fits `LOG_LINE_BYTES_MAX`, else as many whole characters as fit together with a mark. */
export function cutLine(text: string): string {
  if (text.length * UTF8_BYTES_PER_CODE_UNIT_MAX <= LOG_LINE_BYTES_MAX) return text
  if (Buffer.byteLength(text) <= LOG_LINE_BYTES_MAX) return text
  const { read } = encoder.encodeInto(text, cutBuffer)
  return text.slice(0, read) + CUT_MARK
}

export interface LineSplitter {
  push(chunk: Uint8Array): void
  /** Tells the last line when it had no line break; the splitter is then as new. */
  end(): void
}

/**
 * Calls `onLine` with each line, without its `\n` or `\r\n`. One splitter serves one stream of one request: a line may
 * be spread over any chunks. Bytes that are not UTF-8 become U+FFFD; a line over `LOG_LINE_BYTES_MAX` is cut and
 * marked, and never held whole; of lines beyond `CHUNK_LINES_MAX` in one chunk a mark is left.
 */
export function createLineSplitter(onLine: (text: string) => void): LineSplitter {
  let held: Buffer | null = null
  let heldBytes = 0

  function hold(bytes: Buffer): void {
    const taken = Math.min(bytes.length, KEPT_BYTES_MAX - heldBytes)
    const needed = heldBytes + taken
    if (held === null || held.length < needed) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(FIRST_CAPACITY_BYTES, needed * 2), KEPT_BYTES_MAX))
      held?.copy(larger, 0, 0, heldBytes)
      held = larger
    }
    bytes.copy(held, heldBytes, 0, taken)
    heldBytes = needed
  }

  function tell(bytes: Buffer, start: number, end: number, broken: boolean): void {
    const whole = end - start < KEPT_BYTES_MAX
    const textEnd = whole && broken && end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end
    onLine(cutLine(bytes.toString('utf8', start, Math.min(textEnd, start + KEPT_BYTES_MAX))))
  }

  function tellHeld(broken: boolean): void {
    const bytes = held!
    const end = heldBytes
    held = null
    heldBytes = 0
    tell(bytes, 0, end, broken)
  }

  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let start = 0
      let lines = 0
      for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, start)) {
        if (++lines > CHUNK_LINES_MAX) {
          onLine(DROP_MARK)
          start = bytes.lastIndexOf(LINE_FEED) + 1
          break
        }
        if (heldBytes > 0) {
          hold(bytes.subarray(start, at))
          tellHeld(true)
        } else {
          tell(bytes, start, at, true)
        }
        start = at + 1
      }
      if (start < bytes.length) hold(bytes.subarray(start))
    },
    end() {
      if (heldBytes > 0) tellHeld(false)
    },
  }
}
