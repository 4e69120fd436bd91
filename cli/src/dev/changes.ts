/** Watches files and tells when a burst of changes is over. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ignore } from '../ignore.ts'

/** An editor's save is several events; this long after the last one it is over. */
const QUIET_MS = 60
/** A build that never stops writing is not waited for longer. */
const BURST_MS_MAX = 2_000

export interface Watched {
  path: string
  /** For folders: which changes do not matter. Null for a single file. */
  ignore: Ignore | null
}

export interface Changes {
  /** Replaces what is watched. */
  watch(watched: readonly Watched[]): void
  /** Resolves after the next change, or at once when there was one since the last call. */
  next(): Promise<void>
  close(): void
}

export function createChanges(onError: (message: string) => void): Changes {
  const watchers = new Map<string, FSWatcher>()
  let changed = 0
  let handled = 0
  let wake = () => {}

  const notify = () => {
    changed++
    wake()
  }
  const start = ({ path, ignore }: Watched): FSWatcher => {
    const isFile = ignore === null
    // A single file is watched by its folder: editors replace files, and a watch on the old one hears nothing more.
    const watcher = watch(isFile ? dirname(path) : path, { recursive: !isFile }, (_event, name) => {
      if (isFile ? name === basename(path) : !isIgnored(ignore, name ?? '')) notify()
    })
    watcher.on('error', (error) => onError(`cannot watch ${path}: ${error.message}`))
    return watcher
  }

  return {
    watch(watched) {
      const wanted = new Map(watched.map((item) => [item.path, item]))
      for (const [path, watcher] of watchers) {
        if (wanted.has(path)) continue
        watcher.close()
        watchers.delete(path)
      }
      for (const [path, item] of wanted) {
        if (watchers.has(path)) continue
        try {
          watchers.set(path, start(item))
        } catch (error) {
          onError(`cannot watch ${path}: ${error instanceof Error ? error.message : String(error)}`)
        }
      }
    },
    async next() {
      if (changed === handled) await new Promise<void>((resolve) => (wake = resolve))
      const started = performance.now()
      while (changed !== handled && performance.now() - started < BURST_MS_MAX) {
        handled = changed
        await sleep(QUIET_MS)
      }
      handled = changed
    },
    close() {
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
    },
  }
}

/** A change matters only when no part of its path is left out of the package. */
function isIgnored(ignore: Ignore, name: string): boolean {
  const parts = name.split(/[/\\]/)
  return parts.some((_, i) => ignore(parts.slice(0, i + 1).join('/'), i < parts.length - 1))
}
