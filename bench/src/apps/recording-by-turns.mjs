/**
 * Loaded into a platform before it starts (`--import`): for a second invocations leave records, for the next they leave none,
 * as if there were no logs, metrics, history and meter, and so on. No setting does that, and none should. Two platforms beside or
 * after each other differ by more than what is looked for: by where the system puts their threads.
 *
 * Appends a line of JSON to the file that SLUICE_BENCH_TURNS names for each turn: {isRecording, requests, ms, cpuUs}, the last of
 * the main thread alone.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'

const FILE = '/server/src/compose-compute.ts'
const SINK = 'const onRecord = (record: InvocationRecord) => {'
const CHANGES = [
  [SINK, `${SINK} if (!globalThis.benchTurns.count()) return;`],
  ['const { meter } = stores.metering', 'const meter = globalThis.benchTurns.meter(stores.metering.meter)'],
]
const TURN_MS = 1000
/** At the beginning of a turn what was recorded in the one before is still packed and sent. */
const SETTLE_MS = 250
const NO_RUN = 0

class Turns {
  isRecording = true
  #requests = 0
  #startedMs = 0
  #startedUs = 0

  start(file) {
    const begin = () => {
      this.#requests = 0
      this.#startedMs = performance.now()
      this.#startedUs = cpuUs()
      setTimeout(end, TURN_MS - SETTLE_MS)
    }
    const end = () => {
      const turn = { isRecording: this.isRecording, requests: this.#requests }
      const line = { ...turn, ms: performance.now() - this.#startedMs, cpuUs: cpuUs() - this.#startedUs }
      appendFileSync(file, `${JSON.stringify(line)}\n`)
      this.isRecording = !this.isRecording
      setTimeout(begin, SETTLE_MS)
    }
    begin()
  }

  /** Whether this one is to be recorded. */
  count() {
    this.#requests++
    return this.isRecording
  }

  meter(meter) {
    return {
      beginInvocation: (version) => (this.isRecording ? meter.beginInvocation(version) : NO_RUN),
      recordInvocation: (record, version, run) => meter.recordInvocation(record, version, run),
      recordHook: (record, version) => meter.recordHook(record, version),
      recordIdle: (span) => meter.recordIdle(span),
      observeBusy: (...busy) => meter.observeBusy(...busy),
    }
  }
}

function cpuUs() {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

if (isMainThread) {
  globalThis.benchTurns = new Turns()
  globalThis.benchTurns.start(process.env.SLUICE_BENCH_TURNS)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(FILE)) return loaded
      let source = readFileSync(new URL(url), 'utf8')
      for (const [from, to] of CHANGES) {
        if (source.split(from).length !== 2) throw new Error(`${FILE} has not one ${from}`)
        source = source.replace(from, to)
      }
      return { ...loaded, source }
    },
  })
}
