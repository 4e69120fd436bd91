/** Instances with a free slot; the most recently used is handed out first, so that the others can age and go. */
export class FreeList<Item extends { readonly hasFreeSlot: boolean }> {
  /** The most recently used last. */
  readonly #items: Item[] = []

  /** The one to use next. One whose request ran out of time takes no more, though it has slots: such are dropped. */
  get next(): Item | undefined {
    while (this.#items.at(-1)?.hasFreeSlot === false) this.#items.pop()
    return this.#items.at(-1)
  }

  /** Puts it where it is handed out next. */
  use(item: Item): void {
    if (this.#items.at(-1) === item) return
    this.remove(item)
    this.#items.push(item)
  }

  /** Puts it where it is handed out last, unless it has kept its place. */
  restore(item: Item): void {
    if (!this.#items.includes(item)) this.#items.unshift(item)
  }

  remove(item: Item): void {
    if (this.#items.at(-1) === item) {
      this.#items.pop()
      return
    }
    const at = this.#items.indexOf(item)
    if (at >= 0) this.#items.splice(at, 1)
  }
}
