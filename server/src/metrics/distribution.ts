/** Counts in plain arrays, for values that arrive tens of thousands of times a second. */

export class Distribution {
  readonly #boundsMs: readonly number[]
  /** Per bucket, not cumulative; the last one is for what exceeds all bounds. */
  readonly counts: Float64Array
  sumMs = 0

  constructor(boundsMs: readonly number[]) {
    this.#boundsMs = boundsMs
    this.counts = new Float64Array(boundsMs.length + 1)
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  observe(valueMs: number): void {
    const bounds = this.#boundsMs
    let bucket = 0
    while (bucket < bounds.length && valueMs > bounds[bucket]!) bucket++
    this.counts[bucket]!++
    this.sumMs += valueMs
  }
}

interface Sample {
  metricName: string
  value: number
  labels: Record<string, string | number>
  /** More labels, written out once for all samples that share the object. */
  sharedLabels: Record<string, string>
}

/** The samples of one series as prom-client writes them, in seconds. */
export function samplesOf(
  name: string,
  distribution: Distribution,
  boundsMs: readonly number[],
  sharedLabels: Record<string, string>,
): Sample[] {
  const samples: Sample[] = []
  let count = 0
  for (const [bucket, inBucket] of distribution.counts.entries()) {
    count += inBucket
    const bound = boundsMs[bucket]
    const le = bound === undefined ? '+Inf' : bound / 1000
    samples.push({ metricName: `${name}_bucket`, value: count, labels: { le }, sharedLabels })
  }
  samples.push({ metricName: `${name}_sum`, value: distribution.sumMs / 1000, labels: {}, sharedLabels })
  samples.push({ metricName: `${name}_count`, value: count, labels: {}, sharedLabels })
  return samples
}
