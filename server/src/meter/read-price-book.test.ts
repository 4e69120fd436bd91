import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ConfigError } from '../config.ts'
import { METER_NAMES } from './meters.ts'
import { showPriceBook } from './price-book.ts'
import { parsePriceBook } from './read-price-book.ts'

const GOOD = `currency: EUR
meters:
  invocations:
    per: 10000
    free: 5
    tiers:
      - { upTo: 100, price: 0.5 }
      - price: 0.25
servers:
  - { name: small, vcpu: 2, memoryGB: 4, pricePerHour: 0.1 }
`
const refused = (text: string) => {
  try {
    parsePriceBook(text, 'p.yaml')
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  throw new Error('it was to be refused')
}

test('a price book is read as it was written', () => {
  const book = parsePriceBook(GOOD, 'p.yaml')
  assert.deepEqual(showPriceBook(book, 'p.yaml'), {
    currency: 'EUR',
    source: 'p.yaml',
    meters: {
      invocations: {
        ...{ unit: 'invocation', per: 10_000, freeQuantity: 5 },
        tiers: [
          { upTo: 100, unitPrice: 0.5 },
          { upTo: null, unitPrice: 0.25 },
        ],
      },
    },
    servers: [{ name: 'small', vcpu: 2, memoryGB: 4, pricePerHour: 0.1 }],
  })
})

test('the example that comes with the platform has a price for every meter, and servers to compare with', () => {
  const file = new URL('example-price-book.yaml', import.meta.url)
  const { meters, servers } = parsePriceBook(readFileSync(file, 'utf8'), 'example')
  assert.deepEqual([...meters.keys()].toSorted(), METER_NAMES.toSorted())
  assert.ok(servers.length > 0)
})

/** What is wrong, and what the message must say. */
const BAD: [name: string, from: string, to: string, message: RegExp][] = [
  ['no YAML', '  invocations:', '  invocations: [', /^priceBook: p\.yaml:\d+:\d+ is not valid YAML: /],
  ['a tab', '    per: 10000', '\tper: 1', /^priceBook: p\.yaml:4:1 is not valid YAML: /],
  [
    'a meter that is none',
    '  invocations:',
    '  requests:',
    /p\.yaml:3:3: meters\.requests is not known here; known: invocations, activeVcpuSeconds/,
  ],
  [
    'a member that is none',
    '    free: 5',
    '    gratis: 5',
    /p\.yaml:5:5: meters\.invocations\.gratis is not known here; known: per, free, tiers/,
  ],
  [
    'a negative price',
    'price: 0.25',
    'price: -0.25',
    /p\.yaml:8:9: meters\.invocations\.tiers\.1\.price must be a price: a number from 0, with at most 12 decimals/,
  ],
  ['a price in words', 'price: 0.25', 'price: cheap', /p\.yaml:8:9: .*tiers\.1\.price must be a price/],
  ['a price too fine', 'price: 0.25', 'price: 0.0000000000001', /p\.yaml:8:9: .*at most 12 decimals/],
  ['no price', 'price: 0.25', 'upTo: 200', /p\.yaml:8:9: .*tiers\.1\.price must be a price/],
  [
    'tiers that do not ascend',
    '- price: 0.25',
    '- { upTo: 100, price: 0.25 }\n      - price: 0.1',
    /p\.yaml:8:11: meters\.invocations\.tiers\.1\.upTo must be more than 100: tiers ascend/,
  ],
  [
    'a last tier with an end',
    '- price: 0.25',
    '- { upTo: 200, price: 0.25 }',
    /p\.yaml:8:11: .*tiers\.1\.upTo must be left out: the last tier is without end/,
  ],
  [
    'an endless tier that is not the last',
    '{ upTo: 100, price: 0.5 }',
    '{ price: 0.5 }',
    /p\.yaml:7:9: .*tiers\.0 must have upTo/,
  ],
  ['a quota with a fraction', 'free: 5', 'free: 0.5', /p\.yaml:5:5: .*free must be a whole number from 0/],
  ['a price for no units', 'per: 10000', 'per: 0', /p\.yaml:4:5: .*per must be a whole number from 1/],
  [
    'no currency',
    'currency: EUR\n',
    '',
    /p\.yaml:1:1: currency must be a currency in three capital letters, such as CNY/,
  ],
  ['a currency in words', 'EUR', 'euro', /p\.yaml:1:1: currency must be a currency in three capital letters/],
  ['a server without size', 'vcpu: 2, ', '', /p\.yaml:10:5: servers\.0\.vcpu must be a number above 0/],
  ['a server that is nothing', 'vcpu: 2', 'vcpu: 0', /p\.yaml:10:20: servers\.0\.vcpu must be a number above 0/],
]
for (const [name, from, to, message] of BAD) {
  test(`refused, with file, place and what is accepted: ${name}`, () => {
    assert.ok(GOOD.includes(from))
    assert.match(refused(GOOD.replace(from, to)), message)
  })
}

test('what is no price book at all is refused', () => {
  for (const text of ['', '- 1', 'currency: EUR', '42', 'meters: {}', 'currency: EUR\nmeters: 3']) {
    assert.match(refused(text), /^priceBook: p\.yaml:\d+:\d+: .* must /, text)
  }
})

test('one meter may stand there once', () => {
  assert.match(
    refused(GOOD.replace('servers:', '  invocations:\n    tiers: [{ price: 1 }]\nservers:')),
    /not valid YAML/,
  )
})

test('a YAML bomb is refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
  ]
  assert.match(refused(bomb.join('\n')), /^priceBook: p\.yaml/)
})
