/** A connection to the log database that only reads: what the writer commits meanwhile does not wait for it. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FILE_NAME } from '../database.ts'

const CACHE_KIB_MAX = 4 * 1024

export class Reader {
  readonly #path: string
  #open: { sqlite: DatabaseSync; inode: number } | undefined

  constructor(directory: string) {
    this.#path = join(directory, FILE_NAME)
  }

  /** Of the file that is there now: a damaged one is replaced while others read it. */
  get sqlite(): DatabaseSync {
    const inode = statSync(this.#path).ino
    if (this.#open?.inode !== inode) {
      this.close()
      const sqlite = new DatabaseSync(this.#path, { readOnly: true })
      sqlite.exec(`PRAGMA cache_size = -${CACHE_KIB_MAX}`)
      this.#open = { sqlite, inode }
    }
    return this.#open.sqlite
  }

  close(): void {
    this.#open?.sqlite.close()
    this.#open = undefined
  }
}
