import type { LoadGenerator } from '../load.ts'
import type { Measurement } from '../measurement.ts'
import type { Options } from '../options.ts'

export interface RowContext {
  options: Options
  load: LoadGenerator
  /** Adds a value to the results. */
  record: (measurement: Omit<Measurement, 'invalid'> & { invalid?: string | null }) => void
  /** Tells the user what is going on. */
  say: (text: string) => void
}

export type RunRow = (context: RowContext) => Promise<void>
