/** Makes what happened in folders durable, together for all who wait: one sync serves every change made before it. */
import { open, type FileHandle } from 'node:fs/promises'

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

export class FolderSyncs {
  readonly #handles = new Map<string, Promise<FileHandle>>()
  #waiting = new Map<string, Waiting[]>()
  #running: Promise<void> | undefined

  /** Resolves when every change made in the folder before the call is on disk. */
  sync(folder: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const others = this.#waiting.get(folder)
      if (others) others.push({ resolve, reject })
      else this.#waiting.set(folder, [{ resolve, reject }])
      this.#running ??= this.#run().finally(() => (this.#running = undefined))
    })
  }

  async close(): Promise<void> {
    await this.#running
    await Promise.all([...this.#handles.values()].map(async (handle) => (await handle).close()))
    this.#handles.clear()
  }

  /** In turn: with a journal the first sync writes the changes of all folders, and the others find nothing to do. */
  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = this.#waiting
      this.#waiting = new Map()
      for (const [folder, waiting] of batch) {
        try {
          await (await this.#handle(folder)).sync()
          for (const { resolve } of waiting) resolve()
        } catch (error) {
          for (const { reject } of waiting) reject(error)
        }
      }
    }
  }

  #handle(folder: string): Promise<FileHandle> {
    const known = this.#handles.get(folder)
    if (known !== undefined) return known
    const opening = open(folder, 'r')
    this.#handles.set(folder, opening)
    opening.catch(() => this.#handles.delete(folder))
    return opening
  }
}
