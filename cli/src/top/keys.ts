/** What a key press does to `sluice top`. Pure. */
import { columns, type View } from './screen.ts'

const CTRL_C = '\u0003'
const ESCAPE = '\u001B'

/** As terminals send them, with either mode of cursor keys. */
const ARROWS: Record<string, 'up' | 'down' | 'right' | 'left'> = { A: 'up', B: 'down', C: 'right', D: 'left' }

/** Null: leave. Keys that mean nothing change nothing. */
export function press(view: View, input: string): View | null {
  // Several presses may come together.
  // oxlint-disable-next-line no-control-regex
  for (const [key] of input.matchAll(/\u001B[[O][A-D]|[^]/g)) {
    if (key === 'q' || key === 'Q' || key === CTRL_C || (key === ESCAPE && input === ESCAPE)) return null
    view = pressed(view, key.length === 3 ? ARROWS[key[2]!] : undefined)
  }
  return view
}

function pressed(view: View, arrow: 'up' | 'down' | 'right' | 'left' | undefined): View {
  if (arrow === undefined) return view
  if (arrow === 'up' || arrow === 'down') return { ...view, isDescending: arrow === 'down' }
  const step = arrow === 'right' ? 1 : columns.length - 1
  return { ...view, sortBy: (view.sortBy + step) % columns.length }
}
