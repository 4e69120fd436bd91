/** What is asked of the thread that keeps the minutes. Minutes are counted since 1970. */

export interface MinuteData {
  /** The database, or `:memory:`. */
  file: string
}

export interface MinuteAsks {
  /** Adds rows to what is there. `writer`, `sequence`: what was added already is not added again. `bytes`: the rows, packed. */
  add: { ask: { writer: string; sequence: number; minute: number; subjects: string[]; sizes: number[] }; answer: null }
  /** What there is of a subject in each step of so many minutes, where there is something. */
  series: {
    ask: { subject: string; from: number; to: number; step: number }
    answer: { minute: number; tally: Uint8Array }[]
  }
  /** What there is of everything, and of each function, in all these minutes. */
  totals: { ask: { from: number; to: number }; answer: { subject: string; tally: Uint8Array }[] }
  /** Forgets what is older, and the oldest minutes beyond so many bytes; answers how many bytes are left. */
  sweep: { ask: { before: number; bytesMax: number }; answer: number }
}
