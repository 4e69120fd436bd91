/** The price book as an operator writes it: YAML to prices. Computes only. */
import { isMap, isScalar, LineCounter, parseDocument, type Document, type Node } from 'yaml'
import { ConfigError } from '../config.ts'
import { parsePrice } from './decimal.ts'
import { METER_NAMES } from './meters.ts'
import type { MeterName } from './port.ts'
import type { MeterPrice, PriceBook, ServerPrice, Tier } from './price-book.ts'

const TIERS_MAX = 20
const SERVERS_MAX = 20

/** Throws ConfigError: its message names the file, the place in it, and what is accepted. */
export function parsePriceBook(text: string, file: string): PriceBook {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const [problem] = document.errors
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0])
    throw new ConfigError(`priceBook: ${file}:${line}:${col} is not valid YAML: ${problem.message}`)
  }
  return new BookReader(document, lines, file).read()
}

type Path = (string | number)[]

class BookReader {
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #file: string

  constructor(document: Document, lines: LineCounter, file: string) {
    this.#document = document
    this.#lines = lines
    this.#file = file
  }

  read(): PriceBook {
    const book = this.#members([], this.#content(), ['currency', 'meters', 'servers'])
    const { currency } = book
    if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
      this.#refuse(['currency'], 'must be a currency in three capital letters, such as CNY')
    }
    const meters = this.#members(['meters'], book['meters'], METER_NAMES)
    return {
      currency,
      meters: new Map(
        Object.entries(meters).map(([name, value]) => [name as MeterName, this.#meter(['meters', name], value)]),
      ),
      servers: this.#list(['servers'], book['servers'] ?? [], 0, SERVERS_MAX).map((value, index) =>
        this.#server(['servers', index], value),
      ),
    }
  }

  #content(): unknown {
    try {
      return this.#document.toJS()
    } catch (error) {
      // Aliases that name nothing, or unfold to more than anybody would write.
      throw new ConfigError(`priceBook: ${this.#file} cannot be read: ${(error as Error).message}`)
    }
  }

  #meter(path: Path, value: unknown): MeterPrice {
    const { per, free, tiers } = this.#members(path, value, ['per', 'free', 'tiers'])
    const meter = {
      per: this.#whole([...path, 'per'], per ?? 1, 1),
      free: this.#whole([...path, 'free'], free ?? 0, 0),
      tiers: this.#list([...path, 'tiers'], tiers, 1, TIERS_MAX).map((tier, index) =>
        this.#tier([...path, 'tiers', index], tier),
      ),
    }
    for (const [index, { upTo }] of meter.tiers.entries()) {
      const at = [...path, 'tiers', index]
      const isLast = index === meter.tiers.length - 1
      if (isLast && upTo !== null) this.#refuse([...at, 'upTo'], 'must be left out: the last tier is without end')
      if (!isLast && upTo === null)
        this.#refuse(at, 'must have upTo, a whole number: only the last tier is without end')
      const before = meter.tiers[index - 1]?.upTo ?? 0n
      if (upTo !== null && upTo <= before) this.#refuse([...at, 'upTo'], `must be more than ${before}: tiers ascend`)
    }
    return meter
  }

  #tier(path: Path, value: unknown): Tier {
    const { upTo, price } = this.#members(path, value, ['upTo', 'price'])
    return {
      upTo: upTo === undefined || upTo === null ? null : this.#whole([...path, 'upTo'], upTo, 1),
      ...this.#price([...path, 'price'], price),
    }
  }

  #server(path: Path, value: unknown): ServerPrice {
    const { name, vcpu, memoryGB, pricePerHour } = this.#members(path, value, [
      'name',
      'vcpu',
      'memoryGB',
      'pricePerHour',
    ])
    if (typeof name !== 'string' || name === '' || name.length > 100) {
      this.#refuse([...path, 'name'], 'must be a text of 1 to 100 characters')
    }
    const { price, unitPrice } = this.#price([...path, 'pricePerHour'], pricePerHour)
    return {
      name,
      vcpu: this.#size([...path, 'vcpu'], vcpu),
      memoryGB: this.#size([...path, 'memoryGB'], memoryGB),
      price,
      pricePerHour: unitPrice,
    }
  }

  #price(path: Path, value: unknown): { price: bigint; unitPrice: number } {
    const price = typeof value === 'number' ? parsePrice(value) : undefined
    if (price === undefined) this.#refuse(path, 'must be a price: a number from 0, with at most 12 decimals')
    return { price, unitPrice: value as number }
  }

  #whole(path: Path, value: unknown, least: number): bigint {
    if (!Number.isSafeInteger(value) || (value as number) < least)
      this.#refuse(path, `must be a whole number from ${least}`)
    return BigInt(value as number)
  }

  #size(path: Path, value: unknown): number {
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      this.#refuse(path, 'must be a number above 0')
    return value
  }

  #list(path: Path, value: unknown, least: number, most: number): unknown[] {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      this.#refuse(path, `must be a list of ${least} to ${most} entries`)
    }
    return value as unknown[]
  }

  #members(path: Path, value: unknown, known: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#refuse(path, `must hold ${known.join(', ')}`)
    }
    const unknown = Object.keys(value).find((name) => !known.includes(name))
    if (unknown !== undefined) this.#refuse([...path, unknown], `is not known here; known: ${known.join(', ')}`)
    return value as Record<string, unknown>
  }

  #refuse(path: Path, what: string): never {
    const { line, col } = this.#lines.linePos(this.#offsetOf(path))
    throw new ConfigError(`priceBook: ${this.#file}:${line}:${col}: ${path.join('.') || 'the price book'} ${what}`)
  }

  /** Of the deepest part of the path that is there. */
  #offsetOf(path: Path): number {
    const parent = this.#document.getIn(path.slice(0, -1), true)
    const last = path.at(-1)
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last)
      if (isScalar(pair?.key)) return pair.key.range?.[0] ?? 0
    }
    const node = this.#document.getIn(path, true) as Node | undefined
    return node?.range?.[0] ?? (path.length === 0 ? 0 : this.#offsetOf(path.slice(0, -1)))
  }
}
