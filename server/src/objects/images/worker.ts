/** The process that decodes pictures: one job a message. It has no environment, and of root's rights none. */
import { setPriority } from 'node:os'
import { OssError } from '../errors.ts'
import type { Reply } from './processes.ts'
import { render, type RenderJob } from './render.ts'

/** Functions come first. */
const NICENESS = 10
/** The user and group that own nothing. */
const NOBODY = 65_534

setPriority(NICENESS)
// Everything that it runs is loaded by now; fonts are everybody's to read.
if (process.getuid!() === 0) {
  process.setgroups!([NOBODY])
  process.setgid!(NOBODY)
  process.setuid!(NOBODY)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

async function reply({ request, source, watermarks }: RenderJob): Promise<Reply> {
  try {
    const buffers = new Map([...watermarks].map(([key, bytes]) => [key, asBuffer(bytes)]))
    return { rendered: await render({ request, source: asBuffer(source), watermarks: buffers }) }
  } catch (error) {
    if (error instanceof OssError) return { refused: { code: error.code, message: error.message } }
    return { failed: (error as Error).message }
  }
}

process.on('message', (job) => {
  void reply(job as RenderJob).then((answer) => process.send!(answer))
})
// The platform is gone.
process.on('disconnect', () => process.exit())
