/**
 * Loaded into a platform before it starts (`--import`): invocations leave no record in it, as if there were no logs,
 * metrics, history and meter. No setting does that, and none should; what recording costs is measured against it.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const FILE = '/server/src/compose-compute.ts'
const SINK = 'const onRecord = (record: InvocationRecord) => {'
const CHANGES = [
  [SINK, `${SINK} return;`],
  ['const { meter } = stores.metering', 'const meter = noMeter'],
]

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(FILE)) return loaded
    let source = readFileSync(new URL(url), 'utf8')
    for (const [from, to] of CHANGES) {
      if (source.split(from).length !== 2) throw new Error(`${FILE} has not one ${from}`)
      source = source.replace(from, to)
    }
    return { ...loaded, source: `import { noMeter } from './meter/port.ts'\n${source}` }
  },
})
