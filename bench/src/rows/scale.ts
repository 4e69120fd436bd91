/** The same figures with many functions deployed: nothing may grow with what is merely stored. */
import { measureColdStarts } from './cold.ts'
import { idleCpuPercent, settle } from './idle.ts'
import { makeDataDir, startPlatform } from '../platform.ts'
import type { Platform } from '../platform.ts'
import { hasProc, pssBytes } from '../system.ts'
import type { RowContext, RunRow } from './row.ts'

const DEPLOYMENTS_AT_ONCE = 8

export const scale: RunRow = async (context) => {
  const { options, record, say } = context
  const subject = `sluice, ${options.functions} functions`
  const data = makeDataDir()
  try {
    const first = await startPlatform(data.path)
    say(`deploying ${options.functions} functions`)
    const startedMs = performance.now()
    try {
      await deployMany(first, options.functions)
    } finally {
      await first.stop()
    }
    const deploymentsPerSecond = options.functions / ((performance.now() - startedMs) / 1000)
    record({ row: 'scale', subject, metric: 'deployments', unit: '1/s', value: deploymentsPerSecond })
    for (let round = 0; round < options.rounds; round++) await measure(context, data.path, subject, round)
  } finally {
    data.remove()
  }
}

async function deployMany(platform: Platform, count: number): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await platform.deployHello3(`many-${next++}`)
  }
  await Promise.all(Array.from({ length: DEPLOYMENTS_AT_ONCE }, worker))
}

async function measure(context: RowContext, dataDir: string, subject: string, round: number): Promise<void> {
  const { options, record, say } = context
  say('start to ready, idle memory, cold starts')
  const platform = await startPlatform(dataDir)
  try {
    record({ row: 'scale', subject, metric: 'start to ready', unit: 'ms', value: platform.readyMs })
    await settle(platform)
    if (hasProc) {
      const serverBytes = pssBytes(platform.pids().slice(0, 1))
      record({ row: 'scale', subject, metric: 'server alone', unit: 'MiB', value: serverBytes / 1024 ** 2 })
      const value = await idleCpuPercent(platform, options.idleSeconds)
      record({ row: 'scale', subject, metric: 'CPU while idle', unit: '% of a core', value })
    }
    await measureColdStarts(context, 'scale', subject, (i) => platform.deployHello3(`fresh-${round}-${i}`))
  } finally {
    await platform.stop()
  }
}
