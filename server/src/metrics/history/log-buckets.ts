/**
 * Buckets whose bounds grow by a constant factor: histograms of them merge by adding counts, and a percentile is off by
 * a share of itself that is known beforehand.
 */

/** Per doubling. The middle of a bucket is within (2^(1/8) - 1) / (2^(1/8) + 1) = 4.4 % of all that is in it. */
const BUCKETS_PER_OCTAVE = 8
/** 2^-7 ms, some 8 µs: what is shorter counts as that long. */
const FIRST_OCTAVE = -7
/** 2^28 ms: three days, beyond what any invocation may take. */
const LAST_OCTAVE = 28
export const BUCKET_COUNT = (LAST_OCTAVE - FIRST_OCTAVE) * BUCKETS_PER_OCTAVE

const GROWTH = 2 ** (1 / BUCKETS_PER_OCTAVE)
/** Of a percentile, for values from `VALUE_MIN` to `VALUE_MAX`. */
export const RELATIVE_ERROR_MAX = (GROWTH - 1) / (GROWTH + 1)
export const VALUE_MIN = 2 ** FIRST_OCTAVE
export const VALUE_MAX = 2 ** LAST_OCTAVE

export function bucketOf(value: number): number {
  if (value <= VALUE_MIN) return 0
  const bucket = Math.floor((Math.log2(value) - FIRST_OCTAVE) * BUCKETS_PER_OCTAVE)
  return bucket < BUCKET_COUNT ? bucket : BUCKET_COUNT - 1
}

/** The value that is off by the same share of itself from either bound. */
function middleOf(bucket: number): number {
  const low = 2 ** (FIRST_OCTAVE + bucket / BUCKETS_PER_OCTAVE)
  return (2 * low * GROWTH) / (GROWTH + 1)
}

/** The smallest value that at least this share (0 to 1) of all are not above, within the error; null of none. */
export function quantileOf(counts: Uint32Array, share: number): number | null {
  let total = 0
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket]!
  if (total === 0) return null
  let left = Math.max(1, Math.ceil(share * total))
  let bucket = 0
  while ((left -= counts[bucket]!) > 0) bucket++
  return middleOf(bucket)
}
