/** The thread that reads layers: inflating an image takes seconds that the event loop does not have. */
import { parentPort } from 'node:worker_threads'
import type { Reply } from '../../worker-lane.ts'
import { checkLayers, type LayerFile } from './layer-check.ts'
import { ImageError, type ImageLimits } from './limits.ts'

export interface LayerJob {
  kind: 'check'
  layers: readonly LayerFile[]
  limits: ImageLimits
}

const port = parentPort
if (port === null) throw new Error('layer-worker.ts runs as a worker thread only')
port.on('message', ({ layers, limits }: LayerJob) => {
  checkLayers(layers, limits).then(
    (result) => port.postMessage({ result } satisfies Reply<number, string>),
    (error: Error) => {
      const reply = error instanceof ImageError ? { refused: error.message } : { failed: error.message }
      port.postMessage(reply satisfies Reply<number, string>)
    },
  )
})
