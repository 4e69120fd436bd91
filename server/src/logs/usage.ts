/** How many bytes each function has stored, by kind of block. */
import type { Block } from './blocks.ts'

export type Kind = Block['kind']
export type Bytes = Record<Kind, number>

interface Change {
  functionKey: string
  kind: Kind
  bytes: number
}

export class Usage {
  readonly #functions = new Map<string, Bytes>()
  #totalBytes = 0
  #changes: Change[] = []

  get totalBytes(): number {
    return this.#totalBytes
  }

  functionKeys(): string[] {
    return [...this.#functions.keys()]
  }

  of(functionKey: string): Readonly<Bytes> {
    return this.#functions.get(functionKey) ?? { lines: 0, records: 0 }
  }

  bytesOf(functionKey: string): number {
    const { lines, records } = this.of(functionKey)
    return lines + records
  }

  add(functionKey: string, kind: Kind, bytes: number): void {
    this.#changes.push({ functionKey, kind, bytes })
    this.#apply(functionKey, kind, bytes)
  }

  /** Changes from here on can be taken back. */
  mark(): void {
    this.#changes = []
  }

  undo(): void {
    for (const { functionKey, kind, bytes } of this.#changes) this.#apply(functionKey, kind, -bytes)
    this.#changes = []
  }

  #apply(functionKey: string, kind: Kind, bytes: number): void {
    const used = this.#functions.get(functionKey) ?? { lines: 0, records: 0 }
    used[kind] += bytes
    this.#totalBytes += bytes
    if (used.lines + used.records === 0) this.#functions.delete(functionKey)
    else this.#functions.set(functionKey, used)
  }
}

/**
 * The most that one may hold so that all together fit `totalMax`: the small keep all they have, the large share what is
 * left evenly. Infinity when everything fits.
 */
export function fairShare(sizes: readonly number[], totalMax: number): number {
  let left = totalMax
  const ascending = [...sizes].sort((a, b) => a - b)
  for (const [index, size] of ascending.entries()) {
    const share = left / (ascending.length - index)
    if (size > share) return share
    left -= size
  }
  return Infinity
}
