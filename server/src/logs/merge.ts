/** Puts the rows of overlapping blocks in order, reading no more blocks than the reader takes rows from. */

export interface Sorted<Item> {
  timeOf: (item: Item) => number
  compare: (a: Item, b: Item) => number
  descending: boolean
}

export interface SortedBlock<Item> {
  /** No row of this block or of a later one comes before this time (after it, when descending). */
  boundaryMs: number
  /** In any order. */
  items(): Item[]
}

/** Blocks are added in the order of their boundaries. */
export class Merge<Item> {
  readonly #sorted: Sorted<Item>
  #waiting: Item[] = []

  constructor(sorted: Sorted<Item>) {
    this.#sorted = sorted
  }

  /** What no block from `boundaryMs` on can come before, in order. */
  takeBefore(boundaryMs: number): Item[] {
    const { timeOf, descending } = this.#sorted
    const passed = (item: Item): boolean => (descending ? timeOf(item) > boundaryMs : timeOf(item) < boundaryMs)
    if (!this.#waiting.some(passed)) return []
    const waiting = this.takeAll()
    const rest = waiting.findIndex((item) => !passed(item))
    if (rest < 0) return waiting
    this.#waiting = waiting.slice(rest)
    return waiting.slice(0, rest)
  }

  /** In any order. */
  add(items: readonly Item[]): void {
    this.#waiting.push(...items)
  }

  takeAll(): Item[] {
    const { compare, descending } = this.#sorted
    const waiting = this.#waiting.sort(descending ? (a, b) => compare(b, a) : compare)
    this.#waiting = []
    return waiting
  }
}

/** `blocks` come in the order of their boundaries. */
export function* mergeBlocks<Item>(blocks: Iterable<SortedBlock<Item>>, sorted: Sorted<Item>): Generator<Item> {
  const merge = new Merge(sorted)
  for (const block of blocks) {
    yield* merge.takeBefore(block.boundaryMs)
    merge.add(block.items())
  }
  yield* merge.takeAll()
}
