/** The same figures with many functions deployed: nothing may grow with what is merely stored. */
import { hello3 } from '../apps.ts'
import { inParallel } from '../in-parallel.ts'
import { makeDataDir, startPlatform } from '../platform.ts'
import { hasProc, pssBytes } from '../system.ts'
import { addColdStarts, noSamples, recordColdStarts, type ColdSamples } from './cold-samples.ts'
import { idleCpuPercent, settle } from './idle.ts'
import { megabytes } from './memory.ts'
import { noteSettings, settingsOf, type RowContext, type RunRow } from './row.ts'

const DEPLOYMENTS_AT_ONCE = 8

export const scale: RunRow = async (context) => {
  const data = makeDataDir()
  try {
    let deployed = 0
    for (const count of context.options.functionCounts) {
      await deployMany(context, data.path, deployed, count)
      deployed = count
      const samples = noSamples()
      const subject = `sluice, ${count} functions`
      for (let round = 0; round < context.options.rounds; round++) {
        await measure(context, data.path, subject, `fresh-${count}-${round}`, samples)
      }
      recordColdStarts(context, 'scale', subject, samples)
    }
  } finally {
    data.remove()
  }
}

async function deployMany(context: RowContext, dataDir: string, from: number, count: number): Promise<void> {
  const settings = settingsOf(context)
  const platform = await startPlatform(dataDir, settings)
  try {
    await noteSettings(context, platform, settings)
    context.say(`deploying ${count} functions`)
    const startedMs = performance.now()
    await inParallel(count - from, DEPLOYMENTS_AT_ONCE, (i) => platform.deploy3(`many-${from + i}`, hello3))
    const value = (count - from) / ((performance.now() - startedMs) / 1000)
    context.record({ row: 'scale', subject: `sluice, ${count} functions`, metric: 'deployments', unit: '1/s', value })
  } finally {
    await platform.stop()
  }
}

async function measure(
  context: RowContext,
  dataDir: string,
  subject: string,
  prefix: string,
  samples: ColdSamples,
): Promise<void> {
  const { options, record, say } = context
  say('start to ready, idle memory, cold starts')
  const platform = await startPlatform(dataDir, settingsOf(context))
  try {
    const add = (metric: string, unit: string, value: number) => record({ row: 'scale', subject, metric, unit, value })
    add('start to ready', 'ms', platform.readyMs)
    await settle(platform)
    if (hasProc) {
      add('platform', 'MiB', megabytes(pssBytes(platform.ownPids())))
      add('CPU while idle', '% of a core', await idleCpuPercent(platform, options.idleSeconds))
    }
    await addColdStarts(samples, platform, options.coldStarts, (i) => platform.deploy3(`${prefix}-${i}`, hello3))
  } finally {
    await platform.stop()
  }
}
