/** Bills, of what was metered, at the prices of the book, grouped as asked. */
import type { Clock } from '../clock.ts'
import type { MetadataStore } from '../metadata/port.ts'
import { functionArn, serviceArn, splitFunctionKey, type FunctionKey } from '../model.ts'
import { makeBill, sumsQuery } from './bill.ts'
import type { MeterWithSums } from './meter.ts'
import type { Bill, BillGrouping, Billing, ShownPriceBook } from './port.ts'
import type { PriceBookFile } from './price-book-file.ts'
import { showPriceBook } from './price-book.ts'

const PAGE = 1000

export interface BillingDeps {
  clock: Clock
  meter: Pick<MeterWithSums, 'sums'>
  metadata: Pick<MetadataStore, 'list'>
  priceBook: PriceBookFile
}

export function createBilling(account: { region: string; accountId: string }, deps: BillingDeps): Billing {
  const { clock, meter, metadata, priceBook } = deps
  return {
    async bill({ month, by, tagKey }): Promise<Bill> {
      const [book, sums, tags] = await Promise.all([
        priceBook.current(),
        meter.sums(sumsQuery(month)),
        by === 'tag' ? readTags(metadata, tagKey ?? '') : new Map<string, string>(),
      ])
      const groupOf = GROUPINGS[by]
      return makeBill({
        ...{ month, book, sums, nowMs: clock.nowMs() },
        groupOf: (key) => groupOf(key, account, tags),
      })
    },
    async priceBook(): Promise<ShownPriceBook> {
      return showPriceBook(await priceBook.current(), priceBook.path)
    },
  }
}

type Account = { region: string; accountId: string }

const GROUPINGS: Record<BillGrouping, (key: FunctionKey, account: Account, tags: Map<string, string>) => string> = {
  service: (key) => splitFunctionKey(key).service ?? '',
  function: (key) => key,
  tag(key, { region, accountId }, tags) {
    const { service, name } = splitFunctionKey(key)
    const own = tags.get(functionArn(region, accountId, service, name))
    return own ?? (service === null ? undefined : tags.get(serviceArn(region, accountId, service))) ?? ''
  },
}

/** Values of the tag by what has it. */
async function readTags(metadata: BillingDeps['metadata'], tagKey: string): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  for (let after: string | undefined, isMore = true; isMore;) {
    const page = await metadata.list('tag', { limit: PAGE, ...(after !== undefined && { after }) })
    for (const { value } of page) {
      if (Object.hasOwn(value.tags, tagKey)) values.set(value.resourceArn, value.tags[tagKey]!)
    }
    after = page.at(-1)?.key
    isMore = page.length === PAGE
  }
  return values
}
