/** Makes what happened in folders durable, together for all who wait: one sync serves every change made before it. */
import { open } from 'node:fs/promises'

interface Waiting {
  resolve(): void
  reject(error: unknown): void
}

export class FolderSyncs {
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

  /** Resolves when nobody waits any more. */
  async settled(): Promise<void> {
    await this.#running
  }

  /** In turn: with a journal the first sync writes the changes of all folders, and the others find nothing to do. */
  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = this.#waiting
      this.#waiting = new Map()
      for (const [folder, waiting] of batch) {
        try {
          await syncFolder(folder)
          for (const each of waiting) each.resolve()
        } catch (error) {
          for (const each of waiting) each.reject(error)
        }
      }
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
