/** The thread that reads large bodies. */
import { parentPort, type Transferable } from 'node:worker_threads'
import type { ErrorCode } from '../errors.ts'
import { FcError } from '../errors.ts'
import type { Reply } from '../worker-lane.ts'
import { readLargeBody } from './large-body.ts'

export interface ReadJob {
  kind: 'read'
  /** The body in pieces. */
  blocks: Uint8Array[]
  signedSha256: string | null
}

export interface Refusal {
  code: ErrorCode
  message: string
}

/** `LargeBody` in what can be sent between threads. */
export interface SentBody {
  text: string
  zip: Uint8Array<ArrayBuffer> | Refusal | null
}

const port = parentPort
if (port === null) throw new Error('large-body-worker.ts runs as a worker thread only')
port.on('message', (job: ReadJob) => {
  const [reply, transfer] = work(job)
  port.postMessage(reply, transfer)
})

function work({ blocks, signedSha256 }: ReadJob): [Reply<SentBody, Refusal>, Transferable[]] {
  try {
    const { text, zip } = readLargeBody(Buffer.concat(blocks.splice(0)), signedSha256)
    if (zip === null) return [{ result: { text, zip } }, []]
    if (zip instanceof FcError) return [{ result: { text, zip: refusalOf(zip) } }, []]
    const bytes = ownMemory(zip)
    return [{ result: { text, zip: bytes } }, [bytes.buffer]]
  } catch (error) {
    return [error instanceof FcError ? { refused: refusalOf(error) } : { failed: (error as Error).message }, []]
  }
}

function refusalOf({ code, message }: FcError): Refusal {
  return { code, message }
}

/** A small buffer shares its memory with others, which cannot be given away. */
function ownMemory(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) return new Uint8Array(buffer)
  return Uint8Array.from(bytes)
}
