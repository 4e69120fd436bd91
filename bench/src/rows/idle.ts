/** What the platform costs while nothing happens: the time to be ready, and CPU. */
import { setTimeout as delay } from 'node:timers/promises'
import { makeDataDir, startPlatform, type Platform } from '../platform.ts'
import { cpuMs, hasProc } from '../system.ts'
import { noteSettings, settingsOf, usePlatform, type RunRow } from './row.ts'

const SETTLE_POLL_MS = 250
const SETTLED_POLLS = 8
const SETTLE_MS_MAX = 20_000
/** After three quiet seconds the platform gives back what its start or a burst left behind. */
const QUIET_MS = 4_000

/** Waits until no process has come or gone for two seconds: the platform has what it keeps in stock. */
export async function settle(platform: Platform): Promise<void> {
  await delay(QUIET_MS)
  const deadlineMs = performance.now() + SETTLE_MS_MAX
  let before = ''
  for (let same = 0; same < SETTLED_POLLS && performance.now() < deadlineMs;) {
    const now = platform.pids().join()
    same = now === before ? same + 1 : 0
    before = now
    await delay(SETTLE_POLL_MS)
  }
}

export const ready: RunRow = async (context) => {
  const data = makeDataDir()
  const settings = settingsOf(context)
  try {
    context.say('the first start makes keys and tables')
    const first = await startPlatform(data.path, settings)
    try {
      await noteSettings(context, first, settings)
    } finally {
      await first.stop()
    }
    for (let round = 0; round < context.options.rounds; round++) {
      context.say('start to ready')
      const platform = await startPlatform(data.path, settings)
      context.record({ row: 'ready', subject: 'sluice', metric: 'start to ready', unit: 'ms', value: platform.readyMs })
      await platform.stop()
    }
  } finally {
    data.remove()
  }
}

/** CPU over `seconds` of doing nothing, of all processes, as a share of one core. */
export async function idleCpuPercent(platform: Platform, seconds: number): Promise<number> {
  const beforeMs = cpuMs(platform.pids())
  await delay(seconds * 1000)
  return ((cpuMs(platform.pids()) - beforeMs) / (seconds * 1000)) * 100
}

export const idle: RunRow = async (context) => {
  const { options, record, say } = context
  if (!hasProc) return say('idle: left out, this system has no /proc')
  context.note('server, keeper and everything below them')
  await usePlatform(context, {}, async (platform) => {
    await settle(platform)
    for (let round = 0; round < options.rounds; round++) {
      say('idle CPU')
      const value = await idleCpuPercent(platform, options.idleSeconds)
      record({ row: 'idle', subject: 'sluice', metric: 'CPU while idle', unit: '% of a core', value })
    }
  })
}
