/** The price book on disk: read at the start, and again when the file has changed. */
import { readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../config.ts'
import type { PriceBook } from './price-book.ts'

const EXAMPLE = fileURLToPath(new URL('example-price-book.yaml', import.meta.url))
const FILE_BYTES_MAX = 1024 * 1024

export class PriceBookFile {
  readonly path: string
  readonly #notify: (message: string) => void
  #book: PriceBook | null = null
  /** Time and size of what was read last, good or bad. */
  #seen = ''
  /** One look at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  /** `path` empty: the example that comes with the platform. */
  constructor(path: string, notify: (message: string) => void) {
    this.path = path === '' ? EXAMPLE : path
    this.#notify = notify
  }

  /** Checks a file of the operator's own. Rejects with ConfigError. */
  async open(): Promise<void> {
    if (this.path === EXAMPLE) return
    this.#seen = await this.#look()
    this.#book = await this.#read()
  }

  /** As the file is now; as it was before, when what it is now cannot be used. */
  current(): Promise<PriceBook> {
    const current = this.#turn.then(() => this.#current())
    this.#turn = current.catch(() => {})
    return current
  }

  async #current(): Promise<PriceBook> {
    try {
      const seen = await this.#look()
      if (seen !== this.#seen) {
        // Before it is read: a bad file is told once, and not read at every bill.
        this.#seen = seen
        this.#book = await this.#read()
      }
    } catch (error) {
      if (!(error instanceof ConfigError) || this.#book === null) throw error
      this.#notify(`the price book stays as it was: ${error.message}`)
    }
    return this.#book!
  }

  async #look(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.path)
      return `${mtimeMs} ${size} ${ino}`
    } catch (error) {
      if (this.#seen === 'absent') return 'absent'
      this.#seen = 'absent'
      throw new ConfigError(`priceBook: ${this.path} cannot be read: ${(error as Error).message}`)
    }
  }

  async #read(): Promise<PriceBook> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
    } catch (error) {
      throw new ConfigError(`priceBook: ${this.path} cannot be read: ${(error as Error).message}`)
    }
    if (text.length > FILE_BYTES_MAX)
      throw new ConfigError(`priceBook: ${this.path} must have at most ${FILE_BYTES_MAX} bytes`)
    // With the reader of YAML, which a platform that makes no bills need not hold.
    const { parsePriceBook } = await import('./read-price-book.ts')
    return parsePriceBook(text, this.path)
  }
}
