/** The thread that searches: several at once, in turns. */
import { parentPort, workerData } from 'node:worker_threads'
import { findContext } from './context.ts'
import { countOverTime, findPage } from './find.ts'
import type { SearchAsks, SearchReply, SearchRequest } from './messages.ts'
import { Reader } from './reader.ts'
import { SearchRefusal } from './refusal.ts'

const port = parentPort!
const reader = new Reader(workerData as string)

port.on('message', (request: SearchRequest) => {
  const reply = (message: SearchReply): void => port.postMessage(message)
  answerTo(request).then(
    (answer) => reply({ id: request.id, answer }),
    (error: Error) => {
      const { message } = error
      reply({ id: request.id, ...(error instanceof SearchRefusal ? { refusal: message } : { failure: message }) })
    },
  )
})

async function answerTo(request: SearchRequest): Promise<SearchAsks[keyof SearchAsks]['answer']> {
  switch (request.kind) {
    case 'page':
      return findPage(reader.sqlite, request.ask)
    case 'histogram':
      return countOverTime(reader.sqlite, request.ask.scope, request.ask.buckets)
    default:
      return findContext(reader.sqlite, request.ask)
  }
}
