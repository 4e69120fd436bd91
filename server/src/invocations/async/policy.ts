/** What holds for one asynchronous invocation: the defaults, what its function says, and what its trigger says instead. */
import type { AsyncConfigDocument } from '../../model.ts'
import type { AsyncOverrides } from '../port.ts'

/** Of an event, in bytes (Function Compute). */
export const ASYNC_PAYLOAD_BYTES_MAX = 128 * 1024
export const DELAY_SECONDS_MAX = 3600
export const RETRIES_DEFAULT = 3
export const MAX_AGE_SECONDS_DEFAULT = 86_400

export interface Policy {
  /** Further attempts after one that failed by the function's fault. */
  retriesMax: number
  /** From when it is due: later it is not begun any more. */
  maxAgeSeconds: number
  isTask: boolean
  onSuccess: string | null
  onFailure: string | null
}

export function policyOf(config: AsyncConfigDocument | undefined, overrides: AsyncOverrides | null): Policy {
  return {
    retriesMax: overrides?.retriesMax ?? config?.retriesMax ?? RETRIES_DEFAULT,
    maxAgeSeconds: overrides?.maxAgeSeconds ?? config?.maxAgeSeconds ?? MAX_AGE_SECONDS_DEFAULT,
    isTask: config?.isTask ?? false,
    onSuccess: config?.onSuccess ?? null,
    onFailure: overrides?.onFailure ?? config?.onFailure ?? null,
  }
}
