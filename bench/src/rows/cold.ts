/**
 * Cold starts: for us a function that was never called, from request to answer; for a peer, which has no platform to
 * start its functions, from starting its process to its first answer.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { get } from '../http.ts'
import type { Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import { withPlatform } from '../platform.ts'
import type { Platform } from '../platform.ts'
import { EXPECTED_BODY } from '../peers/peer.ts'
import type { Peer } from '../peers/peer.ts'
import { fastify } from '../peers/fastify.ts'
import { functionsFramework } from '../peers/functions-framework.ts'
import { nodeHttp } from '../peers/node-http.ts'
import { workerd } from '../peers/workerd.ts'
import type { RowContext, RunRow } from './row.ts'

const PEERS: readonly Peer[] = [nodeHttp, fastify, workerd, functionsFramework]

/** Lets the platform put back the stem that the start before has taken. */
const REFILL_MS = 500

export const cold: RunRow = (context) =>
  withPlatform(async (platform) => {
    for (let round = 0; round < context.options.rounds; round++) {
      const prefix = `cold-${round}`
      await measureColdStarts(context, 'cold', 'sluice 2.0', (i) => platform.deployHello2(`${prefix}-two-${i}`))
      await measureColdStarts(context, 'cold', 'sluice 3.0', (i) => platform.deployHello3(`${prefix}-three-${i}`))
      for (const peer of PEERS) await measurePeer(context, peer)
    }
  })

/** Deploys functions one by one and times the first call of each. */
export async function measureColdStarts(
  { options, record, say }: RowContext,
  row: string,
  subject: string,
  deploy: (index: number) => ReturnType<Platform['deployHello3']>,
): Promise<void> {
  say(`cold starts of ${subject}`)
  const elapsed: number[] = []
  let invalid: string | null = null
  for (let i = 0; i < options.coldStarts; i++) {
    const endpoint: Endpoint = await deploy(i)
    await delay(REFILL_MS)
    const { status, body, elapsedMs } = await get(endpoint)
    if (status !== 200 || body !== EXPECTED_BODY) invalid = `a first call was answered ${status} ${body.slice(0, 80)}`
    elapsed.push(elapsedMs)
  }
  add(record, row, subject, elapsed, invalid)
}

async function measurePeer({ options, record, say }: RowContext, peer: Peer): Promise<void> {
  say(`process starts of ${peer.name}`)
  const elapsed: number[] = []
  for (let i = 0; i < options.coldStarts; i++) {
    const startedMs = performance.now()
    const running = await peer.start()
    elapsed.push(performance.now() - startedMs)
    await running.stop()
  }
  add(record, 'cold', peer.name, elapsed, null)
}

function add(
  record: RowContext['record'],
  row: string,
  subject: string,
  elapsed: readonly number[],
  invalid: string | null,
): void {
  record({ row, subject, metric: 'cold start p50', unit: 'ms', value: percentile(elapsed, 0.5), invalid })
  record({ row, subject, metric: 'cold start max', unit: 'ms', value: Math.max(...elapsed), invalid })
}
