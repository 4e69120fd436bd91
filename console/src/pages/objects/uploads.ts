/** Files on their way into a folder: a few at a time, each with how far it is. */
import { useRef, useState } from 'react'
import type { ApiError } from '../../api/errors.ts'
import { isObjectKey } from './oss-address.ts'
import { putObject } from './oss-client.ts'

export interface Upload {
  id: number
  name: string
  state: 'waiting' | 'running' | 'done' | 'failed' | 'refused'
  /** 0 to 1. */
  share: number
  /** Of the platform, when it failed. */
  message: string
}

export interface Uploads {
  list: readonly Upload[]
  add(files: readonly File[]): void
  stop(id: number): void
  /** Forgets those that are over. */
  clear(): void
}

const AT_ONCE_MAX = 3
const isOver = ({ state }: Upload) => state === 'done' || state === 'failed' || state === 'refused'

export function useUploads(bucket: string, prefix: string, onDone: () => void): Uploads {
  const [list, setList] = useState<readonly Upload[]>([])
  const queue = useRef<{ id: number; file: File }[]>([])
  const running = useRef(new Map<number, AbortController>())
  const lastId = useRef(0)
  const update = (id: number, change: Partial<Upload>) =>
    setList((before) => before.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)))

  function next(): void {
    while (running.current.size < AT_ONCE_MAX) {
      const first = queue.current.shift()
      if (first === undefined) return
      void run(first.id, first.file)
    }
  }

  async function run(id: number, file: File): Promise<void> {
    const stopped = new AbortController()
    running.current.set(id, stopped)
    update(id, { state: 'running' })
    try {
      await putObject(bucket, prefix + file.name, file, (share) => update(id, { share }), stopped.signal)
      update(id, { state: 'done', share: 1 })
      onDone()
    } catch (error) {
      if (stopped.signal.aborted) setList((before) => before.filter((upload) => upload.id !== id))
      else update(id, { state: 'failed', message: (error as ApiError).message })
    }
    running.current.delete(id)
    next()
  }

  return {
    list,
    add(files) {
      const added = files.map((file) => ({ id: ++lastId.current, file, isGood: isObjectKey(prefix + file.name) }))
      setList((before) => [
        ...before,
        ...added.map(({ id, file: { name }, isGood }) => ({
          ...{ id, name, share: 0, message: '' },
          state: isGood ? ('waiting' as const) : ('refused' as const),
        })),
      ])
      queue.current.push(...added.filter(({ isGood }) => isGood))
      next()
    },
    stop(id) {
      queue.current = queue.current.filter((waiting) => waiting.id !== id)
      const controller = running.current.get(id)
      if (controller !== undefined) controller.abort()
      else setList((before) => before.filter((upload) => upload.id !== id))
    },
    clear: () => setList((before) => before.filter((upload) => !isOver(upload))),
  }
}
