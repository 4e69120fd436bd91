/** Metrics that are read from their owners when they are asked for, and cost nothing before. */
import { Counter, Gauge } from 'prom-client'
import type { Histogram, Registry } from 'prom-client'
import { samplesOf } from './distribution.ts'
import type { Distribution } from './distribution.ts'

export type Labels = Record<string, string>
/** Yields each value once per set of labels, or parts of it that are to be added up. */
export type Read<Value> = () => Iterable<readonly [Value, Labels]>

export interface LazyRegistry {
  counter: (name: string, help: string, labelNames: string[], read: Read<number>) => void
  gauge: (name: string, help: string, labelNames: string[], read: Read<number>) => void
  /** In seconds. */
  histogram: (name: string, help: string, boundsMs: readonly number[], read: Read<Distribution>) => void
}

export function createLazyRegistry(registry: Registry): LazyRegistry {
  return {
    counter(name, help, labelNames, read) {
      const collect = function (this: Counter): void {
        this.reset()
        for (const [value, labels] of read()) this.inc(labels, value)
      }
      registry.registerMetric(new Counter({ name, help, labelNames, collect, registers: [] }))
    },
    gauge(name, help, labelNames, read) {
      const collect = function (this: Gauge): void {
        this.reset()
        // Without labels a gauge stands at 0 after the reset; what has no source should be absent instead.
        if (labelNames.length === 0) this.remove()
        for (const [value, labels] of read()) this.inc(labels, value)
      }
      registry.registerMetric(new Gauge({ name, help, labelNames, collect, registers: [] }))
    },
    histogram(name, help, boundsMs, read) {
      // All that a registry asks of a metric is its name and `get`.
      const metric = {
        name,
        get: async () => ({
          name,
          help,
          type: 'histogram',
          aggregator: 'sum',
          values: [...read()].flatMap(([distribution, labels]) => samplesOf(name, distribution, boundsMs, labels)),
        }),
      }
      registry.registerMetric(metric as unknown as Histogram)
    },
  }
}
