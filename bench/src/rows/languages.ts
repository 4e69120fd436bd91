/** The same hello in every language: cold start from a stem, an idle instance, warm calls over HTTP and as events. */
import { helloCustom, hello3, helloPhp, helloPython, type App } from '../apps.ts'
import { compileApps } from '../compiled-apps.ts'
import { get } from '../http.ts'
import { addColdStarts, noSamples, recordColdStarts } from './cold-samples.ts'
import { EXPECTED_BODY } from '../peers/peer.ts'
import { cpuMs, hasProc, pssBytes } from '../system.ts'
import { settle } from './idle.ts'
import { megabytes } from './memory.ts'
import { rotate, usePlatform, type RowContext, type RunRow } from './row.ts'

const CONNECTIONS = 16
const WARM_UP_SECONDS = 4
const STARTS = 10
/** Before each start: a stem of Java takes more than a second to boot, and it is a start from a stem that is measured. */
const REFILL_MS = 2000

interface Language {
  name: string
  app: App
}

export const languages: RunRow = async (context) => {
  const { go, java } = compileApps()
  for (const [name, { app, reason }] of Object.entries({ go, java }))
    if (app === null) context.say(`languages: ${name} is left out: ${reason}`)
  if (helloPhp === null) context.say('languages: php is left out: it is not here')
  const found = { nodejs: hello3, python: helloPython, php: helloPhp, java: java.app, go: go.app, custom: helloCustom }
  const all = Object.entries(found).flatMap(([name, app]) => (app === null ? [] : [{ name, app }]))
  context.note(`one function each, instanceConcurrency ${CONNECTIONS} (php: 1), ${CONNECTIONS} connections`)
  for (const language of all) await measureStarts(context, language)
  for (let round = 0; round < context.options.rounds; round++)
    for (const language of rotate(all, round)) await measureWarm(context, language)
}

async function measureStarts(context: RowContext, { name, app }: Language): Promise<void> {
  context.say(`${name}: cold starts, an idle instance`)
  const samples = noSamples()
  await usePlatform(context, {}, async (platform) => {
    await addColdStarts(samples, platform, STARTS, (i) => platform.deploy3(`cold-${i}`, app), REFILL_MS)
  })
  recordColdStarts(context, 'languages', name, samples)
  if (!hasProc) return
  await usePlatform(context, { SLUICE_STEMS: '0' }, async (platform) => {
    await get(await platform.deploy3('idle', app))
    await settle(platform)
    const own = new Set(platform.ownPids())
    const value = megabytes(pssBytes(platform.pids().filter((pid) => !own.has(pid))))
    context.record({ row: 'languages', subject: name, metric: 'idle instance', unit: 'MiB', value })
  })
}

async function measureWarm(context: RowContext, { name, app }: Language): Promise<void> {
  const { load, options, say, record } = context
  const concurrent = { ...app, instanceConcurrency: Math.min(app.instanceConcurrency, CONNECTIONS) }
  await usePlatform(context, {}, async (platform) => {
    const http = await platform.deploy3('warm', concurrent)
    const event = await platform.deployEvent2('warm', concurrent)
    for (const [kind, endpoint] of Object.entries({ http, event })) {
      say(`${name}: warm, ${kind}`)
      const { status, body } = await get(endpoint)
      const isGood = status === 200 && body.includes(EXPECTED_BODY)
      await load.run(endpoint, CONNECTIONS, WARM_UP_SECONDS)
      const cpuBeforeMs = hasProc ? cpuMs(platform.pids()) : 0
      const result = await load.run(endpoint, CONNECTIONS, options.loadSeconds)
      const cpuUs = hasProc ? (cpuMs(platform.pids()) - cpuBeforeMs) * 1000 : 0
      const failed = result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null
      const invalid = isGood ? failed : `answered ${status} ${body.slice(0, 80)}`
      const add = (metric: string, unit: string, value: number) =>
        record({ row: 'languages', subject: name, metric: `${kind} ${metric}`, unit, value, invalid })
      add('rate', '1/s', result.requestsPerSecond)
      if (hasProc) add('cpu', 'us/request', cpuUs / result.requests)
    }
  })
}
