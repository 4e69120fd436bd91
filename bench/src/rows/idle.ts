/** What the platform costs while nothing happens: memory, CPU, the time to be ready, and each further idle instance. */
import { setTimeout as delay } from 'node:timers/promises'
import { get } from '../http.ts'
import { makeDataDir, startPlatform, withPlatform } from '../platform.ts'
import type { Platform } from '../platform.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { workerd } from '../peers/workerd.ts'
import { cpuMs, hasProc, pssBytes } from '../system.ts'
import type { RowContext, RunRow } from './row.ts'

const SETTLE_POLL_MS = 250
const SETTLED_POLLS = 8
const SETTLE_MS_MAX = 20_000
const INSTANCES = 10

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

const megabytes = (bytes: number) => bytes / 1024 ** 2

export const memory: RunRow = async (context) => {
  if (!hasProc) return context.say('memory: left out, this system has no /proc')
  for (let round = 0; round < context.options.rounds; round++) await measureMemory(context)
}

async function measureMemory({ record, say }: RowContext): Promise<void> {
  const add = (subject: string, metric: string, bytes: number) =>
    record({ row: 'memory', subject, metric, unit: 'MiB', value: megabytes(bytes) })
  await withPlatform(async (platform) => {
    say('memory of the idle platform')
    await settle(platform)
    const [server, ...others] = platform.pids()
    add('sluice', 'server alone', pssBytes([server!]))
    add('sluice', 'with its stock of stems', pssBytes([server!, ...others]))

    say(`memory of ${INSTANCES} idle instances`)
    const endpoints = []
    for (let i = 0; i < INSTANCES; i++) endpoints.push(await platform.deployHello3(`idle-${i}`))
    await settle(platform)
    const beforeBytes = pssBytes(platform.pids().slice(1))
    for (const endpoint of endpoints) await get(endpoint)
    await settle(platform)
    add('sluice', 'idle instance', (pssBytes(platform.pids().slice(1)) - beforeBytes) / INSTANCES)
  })
  for (const peer of [nodeHttp, workerd]) {
    const running = await peer.start()
    add(peer.name, 'server alone', pssBytes(running.pids()))
    await running.stop()
  }
}

export const ready: RunRow = async ({ options, record, say }) => {
  const data = makeDataDir()
  try {
    say('the first start makes keys and tables')
    await (await startPlatform(data.path)).stop()
    for (let round = 0; round < options.rounds; round++) {
      say('start to ready')
      const platform = await startPlatform(data.path)
      record({ row: 'ready', subject: 'sluice', metric: 'start to ready', unit: 'ms', value: platform.readyMs })
      await platform.stop()
    }
  } finally {
    data.remove()
  }
}

/** CPU over `seconds` of doing nothing, as a share of one core. */
export async function idleCpuPercent(platform: Platform, seconds: number): Promise<number> {
  const beforeMs = cpuMs(platform.pids())
  await delay(seconds * 1000)
  return ((cpuMs(platform.pids()) - beforeMs) / (seconds * 1000)) * 100
}

export const idle: RunRow = async ({ options, record, say }) => {
  if (!hasProc) return say('idle: left out, this system has no /proc')
  await withPlatform(async (platform) => {
    await settle(platform)
    for (let round = 0; round < options.rounds; round++) {
      say('idle CPU')
      const value = await idleCpuPercent(platform, options.idleSeconds)
      record({ row: 'idle', subject: 'sluice', metric: 'CPU while idle', unit: '% of a core', value })
    }
  })
}
