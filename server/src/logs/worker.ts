/** The thread that owns the log database: stores batches and answers queries, one after the other. */
import { parentPort, workerData } from 'node:worker_threads'
import { isCorruption, openBlockDatabase, replaceDamaged } from './database.ts'
import { horizonOf, horizonsAt } from './horizons.ts'
import type { Asks, Reply, Request, StoreResult, WorkerData } from './messages.ts'
import { createQueries } from './queries.ts'

const { functions, ...bounds } = workerData as WorkerData
let functionBounds = functions
const port = parentPort!
const reply = (message: Reply): void => port.postMessage(message)

const notify = (message: string): void => reply({ kind: 'notice', message })
let database = openBlockDatabase(bounds, notify)
database.bound(functionBounds)
let queries = createQueries(database.sqlite)

port.on('message', handle)
reply({ kind: 'ready', storedBytes: database.storedBytes() })

function handle(request: Request): void {
  try {
    reply({ kind: 'answer', id: request.id, answer: answerTo(request) })
  } catch (error) {
    reply({ kind: 'failure', id: request.id, message: (error as Error).message })
    if (isCorruption(error)) replace(error)
  }
  if (request.kind === 'close') port.close()
}

function answerTo(request: Request): Asks[keyof Asks]['answer'] {
  switch (request.kind) {
    case 'store':
      return store(request.ask)
    case 'lines':
      return queries.lines(request.ask.query, horizonOf(horizons(request.ask.nowMs), request.ask.query.functionKey))
    case 'records':
      return queries.records(request.ask.query, horizons(request.ask.nowMs))
    case 'settle':
      return null
    case 'bound':
      functionBounds = request.ask
      database.bound(functionBounds)
      return null
    case 'close':
      database.close()
  }
  return null
}

const horizons = (nowMs: number) => horizonsAt(nowMs, bounds.retentionDays, functionBounds)

function store({ blocks, nowMs }: Asks['store']['ask']): StoreResult {
  try {
    database.store(blocks, nowMs)
    return { storedBytes: database.storedBytes(), failure: '' }
  } catch (error) {
    if (isCorruption(error)) replace(error)
    return { storedBytes: database.storedBytes(), failure: (error as Error).message }
  }
}

/** The file turned out damaged while in use. */
function replace(reason: unknown): void {
  database.close()
  database = replaceDamaged(bounds, reason, notify)
  database.bound(functionBounds)
  queries = createQueries(database.sqlite)
}
