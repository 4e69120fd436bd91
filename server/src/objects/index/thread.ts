/** The thread of the index. */
import { Refusal, serveStorage } from '../../storage-thread-side.ts'
import { OssError } from '../errors.ts'
import type { OssErrorCode } from '../errors.ts'
import type { Bucket } from '../port.ts'
import { openIndexDatabase } from './database.ts'
import { createObjectIndex, indexReads } from './object-index.ts'
import type { IndexAsks, IndexHandlers } from './object-index.ts'

export interface IndexOpened {
  buckets: Bucket[]
  hasEvents: boolean
}

export interface IndexRefusal {
  code: OssErrorCode
  message: string
  details: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
}

serveStorage<IndexAsks>(({ file }: { file: string }) => {
  const database = openIndexDatabase(file)
  const { handlers, ...opened } = createObjectIndex(database)
  const refusing = Object.entries(handlers).map(([kind, handler]) => [kind, withRefusals(handler as Handler)])
  return {
    database,
    opened: opened satisfies IndexOpened,
    handlers: Object.fromEntries(refusing) as IndexHandlers,
    reads: indexReads,
  }
})

type Handler = (ask: unknown, data: Uint8Array) => unknown

/** An error class does not pass between threads. */
function withRefusals(handler: Handler): Handler {
  return (ask, data) => {
    try {
      return handler(ask, data)
    } catch (error) {
      if (!(error instanceof OssError)) throw error
      const { code, message, details, headers } = error
      throw new Refusal({ code, message, details, headers } satisfies IndexRefusal)
    }
  }
}
