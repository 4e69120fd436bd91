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

/** `blocks` come in the order of their boundaries. */
export function* mergeBlocks<Item>(blocks: Iterable<SortedBlock<Item>>, sorted: Sorted<Item>): Generator<Item> {
  const { timeOf, descending } = sorted
  const compare = descending ? (a: Item, b: Item) => sorted.compare(b, a) : sorted.compare
  let waiting: Item[] = []
  for (const block of blocks) {
    const passed = (item: Item): boolean =>
      descending ? timeOf(item) > block.boundaryMs : timeOf(item) < block.boundaryMs
    if (waiting.some(passed)) {
      waiting.sort(compare)
      const rest = waiting.findIndex((item) => !passed(item))
      const ready = rest < 0 ? waiting : waiting.slice(0, rest)
      waiting = rest < 0 ? [] : waiting.slice(rest)
      yield* ready
    }
    waiting.push(...block.items())
  }
  yield* waiting.sort(compare)
}
