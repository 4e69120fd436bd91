import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../clock.ts'
import { createMetadataStore } from '../metadata/sql-store.ts'
import { createBilling } from './billing.ts'
import type { BillGrouping } from './port.ts'
import { PriceBookFile } from './price-book-file.ts'
import { sumsOf } from './test-support.ts'

const ACCOUNT = { region: 'r', accountId: '1234567890123456' }
const arn = (resource: string) => `acs:fc:r:1234567890123456:${resource}`

test('groups: by service, function, or a tag, which a function has of its service when it has none of its own', async (t) => {
  const metadata = await createMetadataStore({ kind: 'sqlite', file: ':memory:' }, { clock: systemClock })
  t.after(() => metadata.close())
  const tags = {
    'services/shop': { team: 'sales' },
    'services/shop/functions/mail': { team: 'post' },
    'services/shop/functions/other': { colour: 'red' },
    'functions/alone': { team: '', colour: 'blue' },
  }
  await metadata.commit(
    Object.entries(tags).map(([resource, value]) => ({
      ...{ kind: 'tag' as const, key: arn(resource) },
      value: { resourceArn: arn(resource), tags: value },
    })),
  )
  const functions = Object.fromEntries(
    ['shop$mail', 'shop$other', 'shop$gone', 'alone', 'untagged'].map((key, index) => [
      key,
      { invocations: 10 ** index },
    ]),
  )
  const billing = createBilling(ACCOUNT, {
    clock: systemClock,
    metadata,
    meter: { sums: async () => sumsOf({ functions }) },
    priceBook: new PriceBookFile('', assert.fail),
  })
  const groups = async (by: BillGrouping, tagKey?: string) => {
    const bill = await billing.bill({ month: '2030-01', by, ...(tagKey !== undefined && { tagKey }) })
    return Object.fromEntries(bill.groups.map(({ name, usage }) => [name, usage.invocations]))
  }
  assert.deepEqual(await groups('service'), { shop: 111, '': 11_000 })
  assert.deepEqual(await groups('function'), {
    shop$mail: 1,
    shop$other: 10,
    shop$gone: 100,
    alone: 1000,
    untagged: 10_000,
  })
  assert.deepEqual(await groups('tag', 'team'), { post: 1, sales: 110, '': 11_000 })
  assert.deepEqual(await groups('tag', 'colour'), { red: 10, blue: 1000, '': 10_101 })
  assert.deepEqual(await groups('tag', '__proto__'), { '': 11_111 })
})
