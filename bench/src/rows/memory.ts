/** Proportional set sizes: the idle platform, its stock of stems, each further idle instance. */
import { hello3, helloPhp, helloPython, type App } from '../apps.ts'
import { get } from '../http.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { workerd } from '../peers/workerd.ts'
import { hasProc, pssBytes } from '../system.ts'
import { settle } from './idle.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const INSTANCES = 10

export const megabytes = (bytes: number) => bytes / 1024 ** 2

export const memory: RunRow = async (context) => {
  if (!hasProc) return context.say('memory: left out, this system has no /proc')
  context.note('an instance is all processes in its sandbox, the first one included')
  for (let round = 0; round < context.options.rounds; round++) {
    await measurePlatform(context)
    await measureInstances(context, 'nodejs', hello3)
    await measureInstances(context, 'python', helloPython)
    if (helloPhp) await measureInstances(context, 'php', helloPhp)
    await measurePeers(context)
  }
}

function add({ record }: RowContext, subject: string, metric: string, bytes: number): void {
  record({ row: 'memory', subject, metric, unit: 'MiB', value: megabytes(bytes) })
}

async function measurePlatform(context: RowContext): Promise<void> {
  context.say('memory of the idle platform')
  await usePlatform(context, {}, async (platform) => {
    await settle(platform)
    const [server, ...keepers] = platform.ownPids()
    add(context, 'sluice', 'server alone', pssBytes([server!]))
    if (keepers.length > 0) add(context, 'sluice', 'keeper', pssBytes(keepers))
    add(context, 'sluice', 'platform', pssBytes([server!, ...keepers]))
    // The stock is made for what is deployed.
    await platform.deploy3('deployed', hello3)
    await settle(platform)
    add(context, 'sluice', 'after a deployment', pssBytes(platform.ownPids()))
    add(context, 'sluice', 'with its stock of stems', pssBytes(platform.pids()))
  })
}

/** Without stems, so that nothing but instances comes. */
async function measureInstances(context: RowContext, language: string, app: App): Promise<void> {
  context.say(`memory of ${INSTANCES} idle instances, ${language}`)
  await usePlatform(context, { SLUICE_STEMS: '0' }, async (platform) => {
    const endpoints = []
    for (let i = 0; i < INSTANCES; i++) endpoints.push(await platform.deploy3(`idle-${i}`, app))
    for (const endpoint of endpoints) await get(endpoint)
    await settle(platform)
    const own = new Set(platform.ownPids())
    const bytes = pssBytes(platform.pids().filter((pid) => !own.has(pid)))
    add(context, `sluice ${language}`, 'idle instance', bytes / INSTANCES)
  })
}

async function measurePeers(context: RowContext): Promise<void> {
  for (const peer of [nodeHttp, workerd]) {
    const running = await peer.start()
    add(context, peer.name, 'server alone', pssBytes(running.pids()))
    await running.stop()
  }
}
