/**
 * What was read from elsewhere, kept as long as nothing has changed it. Every change passes here, and no read is answered
 * with what was before a change that had ended when the read began.
 */
export class ReadCache<Value> {
  readonly #bytesMax: number
  readonly #bytesOf: (value: Value) => number
  /** The one used longest ago first. */
  readonly #values = new Map<string, Value>()
  #bytes = 0
  /** Those during which nothing has changed so far. */
  readonly #reads = new Map<string, Promise<Value>>()
  /** How many changes of a key are under way. */
  readonly #changes = new Map<string, number>()

  /** Holds at most `bytesMax`, as `bytesOf` counts them, and one value while it is told. */
  constructor(bytesMax: number, bytesOf: (value: Value) => number) {
    this.#bytesMax = bytesMax
    this.#bytesOf = bytesOf
  }

  get(key: string): Value | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  /** What is kept, or what `load` resolves to; who asks for the same meanwhile waits for it, too. */
  async read(key: string, load: () => Promise<Value>): Promise<Value> {
    const kept = this.get(key)
    if (kept !== undefined) return kept
    if (this.#changes.has(key)) return load()
    const joined = this.#reads.get(key)
    if (joined !== undefined) return joined
    const reading = load()
    this.#reads.set(key, reading)
    try {
      const value = await reading
      if (this.#reads.get(key) === reading) this.#keep(key, value)
      return value
    } finally {
      if (this.#reads.get(key) === reading) this.#reads.delete(key)
    }
  }

  /** Whatever comes of the change, nothing from before its end is kept. */
  async change<Result>(key: string, change: () => Promise<Result>): Promise<Result> {
    this.forget(key)
    this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1)
    try {
      return await change()
    } finally {
      const others = this.#changes.get(key)! - 1
      if (others > 0) this.#changes.set(key, others)
      else this.#changes.delete(key)
    }
  }

  /** Reads that have begun keep nothing either. */
  forget(key: string): void {
    this.#reads.delete(key)
    const value = this.#values.get(key)
    if (value === undefined) return
    this.#values.delete(key)
    this.#bytes -= this.#bytesOf(value)
  }

  #keep(key: string, value: Value): void {
    this.#values.set(key, value)
    this.#bytes += this.#bytesOf(value)
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#bytesMax) return
      this.forget(oldest)
    }
  }
}
