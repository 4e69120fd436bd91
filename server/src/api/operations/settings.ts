/** What an account may know of itself. */
import type { Context } from './context.ts'
import { CODE_BYTES_MAX } from './code.ts'

export function accountSettings({ options }: Context) {
  return { availableAZs: [`${options.region}-a`], defaultRole: '' }
}

/** Limits as text by name; of those asked for, the known ones; all when none was asked for. */
export function accountConfigs({ options }: Context, names: readonly string[]): Record<string, string> {
  const all = {
    CodeSizeLimit: String(CODE_BYTES_MAX),
    EnhancedCodeSizeLimit: String(CODE_BYTES_MAX),
    GPUCodeSizeLimit: String(CODE_BYTES_MAX),
    Concurrency: String(options.accountInstanceLimit),
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.length === 0 || names.includes(name)))
}

export function regions({ options }: Context) {
  return { Regions: { Region: [{ RegionId: options.region, LocalName: options.region }] } }
}
