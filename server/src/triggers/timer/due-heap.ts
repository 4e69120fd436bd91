/** A binary heap: the entry that is due first is found, added and removed in logarithmic time. */

export interface HeapEntry {
  /** When to look at it. Changes only while it is out of the heap. */
  wakeMs: number
  /** Kept by the heap; -1: not in it. */
  heapIndex: number
}

export class DueHeap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = []

  get firstMs(): number | undefined {
    return this.#entries[0]?.wakeMs
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#rise(this.#entries.length - 1, entry)
  }

  /** What is not in it is let be. */
  remove(entry: Entry): void {
    const index = entry.heapIndex
    if (index < 0) return
    entry.heapIndex = -1
    const last = this.#entries.pop()!
    if (last === entry) return
    this.#sink(index, last)
    this.#rise(last.heapIndex, last)
  }

  #rise(from: number, entry: Entry): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (this.#entries[parent]!.wakeMs <= entry.wakeMs) break
      this.#put(index, this.#entries[parent]!)
      index = parent
    }
    this.#put(index, entry)
  }

  #sink(from: number, entry: Entry): void {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const right = left + 1
      if (left >= this.#entries.length) break
      const isRightFirst = right < this.#entries.length && this.#entries[right]!.wakeMs < this.#entries[left]!.wakeMs
      const child = isRightFirst ? right : left
      if (entry.wakeMs <= this.#entries[child]!.wakeMs) break
      this.#put(index, this.#entries[child]!)
      index = child
    }
    this.#put(index, entry)
  }

  #put(index: number, entry: Entry): void {
    this.#entries[index] = entry
    entry.heapIndex = index
  }

  /** The first of those that are due by `nowMs`, taken out; undefined when none is. */
  takeDue(nowMs: number): Entry | undefined {
    const first = this.#entries[0]
    if (first === undefined || first.wakeMs > nowMs) return undefined
    this.remove(first)
    return first
  }
}
