/** One kill, and what was at work before it. */
export interface Round {
  round: number
  /** During the start of the platform, or under load. */
  killed: 'starting' | 'loaded'
  /** Since the spawn of the process, or since it was ready. */
  killedAfterMs: number
  /** Asynchronous calls that were answered 202. */
  accepted: number
  /** Calls and writes that got another answer than they asked for. */
  refused: number
  /** Puts of objects that were answered. */
  stored: number
  /** Deletions that were answered. */
  deleted: number
  /** Objects read after the next start, and those of them that were not as answered. */
  checked: number
  wrong: number
  /** Processes of instances that outlived the next start. */
  orphans: number
}
