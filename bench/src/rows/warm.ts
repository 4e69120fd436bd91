/** Warm calls: throughput, latency, and the CPU that a request costs, for us and every peer in turns. */
import { get } from '../http.ts'
import { EXPECTED_BODY } from '../peers/peer.ts'
import type { Peer, RunningPeer } from '../peers/peer.ts'
import { fastify } from '../peers/fastify.ts'
import { functionsFramework } from '../peers/functions-framework.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { sluicePeers } from '../peers/sluice.ts'
import { workerd } from '../peers/workerd.ts'
import { cpuMs, hasProc } from '../system.ts'
import { rotate, settingsOf, usePlatform, type RowContext, type RunRow } from './row.ts'

const CONNECTIONS = [1, 64] as const
const WARM_UP_SECONDS = 2

export const RATIO_METRICS = ['rate c=64', 'cpu c=64']

interface Subject {
  name: string
  running: RunningPeer
  invalid: string | null
}

export const warm: RunRow = async (context) => {
  // What runs the functions is told by a platform like those that are measured.
  await usePlatform(context, {}, async () => {})
  const ours = sluicePeers(settingsOf(context))
  const peers: readonly Peer[] = [nodeHttp, ...ours, fastify, workerd, functionsFramework]
  const subjects: Subject[] = []
  try {
    for (const peer of peers) {
      context.say(`starting ${peer.name}`)
      const running = await peer.start()
      subjects.push({ name: peer.name, running, invalid: null })
    }
    for (const subject of subjects) {
      subject.invalid = await wrongAnswer(subject.running)
      await context.load.run(subject.running, 64, WARM_UP_SECONDS)
    }
    for (let round = 0; round < context.options.rounds; round++) await measureRound(context, rotate(subjects, round))
  } finally {
    await Promise.all(subjects.map(({ running }) => running.stop()))
  }
}

/** What is wrong with what it answers; null: nothing. */
export async function wrongAnswer(peer: RunningPeer): Promise<string | null> {
  const { status, body } = await get(peer)
  if (status === 200 && body === EXPECTED_BODY) return null
  return `answered ${status} ${JSON.stringify(body.slice(0, 80))} instead of 200 ${JSON.stringify(EXPECTED_BODY)}`
}

async function measureRound({ options, load, record, say }: RowContext, subjects: readonly Subject[]): Promise<void> {
  for (const connections of CONNECTIONS) {
    const medians = new Map<string, number>()
    for (const { name, running, invalid: wrong } of subjects) {
      say(`${name}, ${connections} connection${connections > 1 ? 's' : ''}`)
      const cpuBeforeMs = hasProc ? cpuMs(running.pids()) : 0
      const result = await load.run(running, connections, options.loadSeconds)
      const cpuUs = hasProc ? (cpuMs(running.pids()) - cpuBeforeMs) * 1000 : 0
      const invalid = wrong ?? (result.failures > 0 ? `${result.failures} of ${result.requests} answers failed` : null)
      const add = (metric: string, unit: string, value: number) =>
        record({ row: 'warm', subject: name, metric: `${metric} c=${connections}`, unit, value, invalid })
      add('rate', '1/s', result.requestsPerSecond)
      add('p50', 'us', result.p50Us)
      add('p99', 'us', result.p99Us)
      if (hasProc) add('cpu', 'us/request', cpuUs / result.requests)
      medians.set(name, result.p50Us)
    }
    if (connections > 1) continue
    const floorUs = medians.get(nodeHttp.name)!
    for (const { name, invalid } of subjects) {
      const value = medians.get(name)! - floorUs
      record({ row: 'warm', subject: name, metric: 'added p50 c=1', unit: 'us', value, invalid })
    }
  }
}
