/** Meter, price book and bill of a platform. */
import { join } from 'node:path'
import type { Clock, Random } from '../clock.ts'
import type { MetadataStore } from '../metadata/port.ts'
import type { MetricSources } from '../metrics/port.ts'
import { createBilling } from './billing.ts'
import { openMeter } from './meter.ts'
import { MonthCostWatch } from './month-cost.ts'
import type { Billing, Meter } from './port.ts'
import { PriceBookFile } from './price-book-file.ts'

export interface MeteringOptions {
  accountId: string
  region: string
  /** Of the journal and, without `metadataUrl`, of what it adds up to. */
  directory: string
  metadataUrl: string
  /** Path of the price book; empty: the example. */
  priceBook: string
}

export interface MeteringDeps {
  clock: Clock
  random: Random
  metadata: MetadataStore
  notify: (message: string) => void
}

export interface Metering {
  meter: Meter
  billing: Billing
  /** What the current month costs, at most a minute old. */
  monthCost: MetricSources['monthCost']
  close(): Promise<void>
}

/** Rejects with ConfigError, or with what is wrong with the folder. */
export async function openMetering(options: MeteringOptions, deps: MeteringDeps): Promise<Metering> {
  const { directory, metadataUrl } = options
  const { clock, random, metadata, notify } = deps
  const priceBook = new PriceBookFile(options.priceBook, notify)
  await priceBook.open()
  const home =
    metadataUrl === ''
      ? ({ kind: 'sqlite', file: join(directory, 'usage.db') } as const)
      : ({ kind: 'postgres', url: metadataUrl } as const)
  const meter = openMeter(directory, home, { clock, random, notify })
  const billing = createBilling(options, { clock, meter, metadata, priceBook })
  const watch = new MonthCostWatch({ clock, billing, meter, notify })
  watch.start()
  return {
    meter,
    billing,
    monthCost: () => watch.latest,
    close() {
      watch.stop()
      return meter.close()
    },
  }
}
