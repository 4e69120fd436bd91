import { withPlatform, type Platform, type Settings } from '../platform.ts'
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
  /** What the row's figures are to be read with, such as settings; kept beside them, once. */
  note: (text: string) => void
}

export type RunRow = (context: RowContext) => Promise<void>

/** The settings, with the sandbox that was asked for. */
export function settingsOf({ options }: Pick<RowContext, 'options'>, more: Settings = {}): Settings {
  return { SLUICE_SANDBOX: options.sandbox, ...more }
}

/** Notes the sandbox that a platform runs functions in and what settings it was given; returns the kind. */
export async function noteSettings(context: RowContext, platform: Platform, settings: Settings): Promise<string> {
  const kind = await platform.sandboxKind()
  const others = Object.entries(settings).filter(([name]) => name !== 'SLUICE_SANDBOX')
  const told = others.length === 0 ? 'default settings' : others.map((setting) => setting.join('=')).join(' ')
  context.note(`sandbox ${kind}, ${told}`)
  return kind
}

/** A platform of its own for a measurement; its sandbox and settings are noted. */
export async function usePlatform(
  context: RowContext,
  more: Settings,
  use: (platform: Platform) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(context, more)
  await withPlatform(settings, async (platform) => {
    await noteSettings(context, platform, settings)
    await use(platform)
  })
}

/** Each round begins with another subject, so that none always follows the same neighbour. */
export function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const start = by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}
