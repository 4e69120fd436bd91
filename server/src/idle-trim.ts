/** Gives memory back when nothing happens: what a start or a burst left behind would otherwise stay for good. */
import type { Clock } from './clock.ts'

/** Quiet for so long means idle. */
const QUIET_MS = 3_000

export interface IdleTrim {
  /** Something happened; cheap enough for every request. */
  touch(): void
}

/** `collect` runs once after each busy time, as soon as nothing has happened for that long. */
export function createIdleTrim(clock: Clock, collect: () => void): IdleTrim {
  let isWatching = false
  let wasTouched = false

  function watch(): void {
    isWatching = true
    wasTouched = false
    clock.setTimer(QUIET_MS, () => {
      if (wasTouched) {
        watch()
        return
      }
      isWatching = false
      collect()
    })
  }

  return {
    touch() {
      wasTouched = true
      if (!isWatching) watch()
    },
  }
}

/** A full collection that returns free pages to the system; does nothing unless Node runs with `--expose-gc`. */
export function collectGarbage(): void {
  void globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'async' })
}
