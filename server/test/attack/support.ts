/** What the attacks share: a platform with containers, functions that run what their event says, a neighbour to look after. */
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { findOciParts, findOciPrograms } from '../../src/sandbox/oci-check.ts'
import { eventually, recordsOf, type Line } from '../end-to-end/http-support.ts'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'
import { watch, type Latencies } from './neighbour-watch.ts'

const PYTHON = '/usr/bin/python3'
const LINES_LOOKED_AT = 20
const WARM_UP_CALLS = 20
/** A neighbour that usually takes some ms and waits longer than this most of the time does not get its share. */
const HELD_UP_MS = 250
/** Or so many times as long as without the attack, on a machine that is busy with something else. */
const HELD_UP_TIMES = 50
const QUIET_MS = 500
/** An attack that holds up the neighbour does so each time; a machine that is busy does now and then. */
const ATTACKS_MAX = 3

/** Functions whose code is their event: each attack is a few lines in the test that tells of it. */
const ATTACKERS = {
  'python3.10': {
    'index.py': [
      'import json',
      'def handler(event, context):',
      "    names = {'context': context, 'result': None}",
      '    exec(event.decode(), names)',
      "    return json.dumps(names['result'])",
    ].join('\n'),
  },
  nodejs20: {
    'index.js': `
      const AsyncFunction = (async () => {}).constructor
      exports.handler = async (event, context) =>
        JSON.stringify((await new AsyncFunction('require', 'context', String(event))(require, context)) ?? null)`,
  },
}

export type AttackRuntime = keyof typeof ATTACKERS

export interface AttackerOptions {
  runtime: AttackRuntime
  memorySize?: number
  timeout?: number
  diskSize?: number
  [field: string]: unknown
}

/** How an attack went, as its owner sees it. */
export class Told {
  readonly #platform: TestPlatform
  readonly #functionName: string
  readonly answer: Answer

  constructor(platform: TestPlatform, functionName: string, answer: Answer) {
    this.#platform = platform
    this.#functionName = functionName
    this.answer = answer
  }

  get requestId(): string {
    return String(this.answer.headers['x-fc-request-id'])
  }

  /** What the attack returned; fails when the function did not end by returning. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- says what the attack returns
  result<Value = unknown>(): Value {
    assert.equal(this.answer.headers['x-fc-error-type'], undefined, this.answer.text)
    assert.equal(this.answer.status, 200, this.answer.text)
    return JSON.parse(this.answer.text) as Value
  }

  /** `errorType` of the body, its message and its cause; of an attack that ended its function. */
  get failure(): { errorType: string; errorMessage: string; cause?: string } {
    assert.ok(this.answer.headers['x-fc-error-type'] !== undefined, `it was not ended: ${this.answer.text}`)
    return this.answer.json()
  }

  /** The last lines of its log that hold a text, the newest first: attacks on the log leave many. */
  async lines(text = ''): Promise<Line[]> {
    const wanted = `function=${this.#functionName}&requestId=${this.requestId}&text=${encodeURIComponent(text)}`
    const query = `${wanted}&descending=true&limit=${LINES_LOOKED_AT}`
    return (await this.#platform.call('GET', `/sluice/v1/logs?${query}`)).json<{ lines: Line[] }>().lines
  }

  /** The error type in the record of the invocation. */
  recordedError(): Promise<string> {
    return eventually(async () => {
      const records = await recordsOf(this.#platform, this.#functionName, `&requestId=${this.requestId}`)
      return records[0]?.errorType
    })
  }
}

export class Scene {
  readonly platform: TestPlatform
  readonly #neighbourHost: string
  /** Address of the platform on the bridge. */
  readonly gateway: string

  private constructor(platform: TestPlatform, gateway: string, neighbourHost: string) {
    this.platform = platform
    this.gateway = gateway
    this.#neighbourHost = neighbourHost
  }

  static async open(environment: Record<string, string>): Promise<Scene> {
    const platform = await startPlatform({ SLUICE_SANDBOX: 'oci', SLUICE_STEMS: '0', ...environment })
    const code = { 'index.js': 'exports.handler = async () => ({ statusCode: 200, body: String(process.pid) })' }
    // All its calls fit into one instance: a busy machine must not be kept busy by starting more of them.
    const fields = { memorySize: 128, instanceConcurrency: 100 }
    const { host } = await platform.deploy('neighbour', code, { http: true, ...fields })
    const call = () => callNeighbour(platform, host)
    for (let i = 0; i < WARM_UP_CALLS; i++) await call()
    const asking = { 'index.py': 'import socket\ndef handler(*_): return socket.gethostbyname("sluice.internal")' }
    await platform.deploy('asking-for-the-platform', asking, { runtime: 'python3.10' })
    return new Scene(platform, (await platform.invoke('asking-for-the-platform')).text, host)
  }

  /** Deploys an attacker; each call of what is returned attacks once. */
  async attacker(name: string, options: AttackerOptions): Promise<(source: string) => Promise<Told>> {
    const { runtime } = options
    await this.platform.deploy(name, ATTACKERS[runtime], { memorySize: 256, timeout: 20, ...options })
    // Its instance starts before it attacks: what the start costs the neighbour is no matter of the attack.
    await this.platform.invoke(name)
    return async (source) => new Told(this.platform, name, await this.platform.invoke(name, source))
  }

  /** Runs an attack while the neighbour is called at a steady rate. */
  async measured<Result>(attack: () => Promise<Result>): Promise<{ result: Result; latencies: Latencies }> {
    const ended = new AbortController()
    const watching = watch(() => callNeighbour(this.platform, this.#neighbourHost), ended.signal)
    try {
      const result = await attack()
      return { result, latencies: await (ended.abort(), watching) }
    } finally {
      ended.abort()
      await watching
    }
  }

  /** The same, and asserts that the neighbour was answered every time, and at least half the time nearly as if nothing were. */
  async beside<Result>(attack: () => Promise<Result>): Promise<Result> {
    for (let attacks = 1; ; attacks++) {
      const { result, latencies } = await this.measured(attack)
      assert.deepEqual(latencies.failures, [], 'the neighbour was answered')
      if (latencies.p50Ms <= HELD_UP_MS) return result
      const { latencies: quiet } = await this.measured(() => pause(QUIET_MS))
      if (latencies.p50Ms <= HELD_UP_TIMES * quiet.p50Ms) return result
      const figures = JSON.stringify({ attacked: latencies, quiet })
      assert.ok(attacks < ATTACKS_MAX, `the neighbour was held up ${attacks} times, at last: ${figures}`)
    }
  }
}

async function callNeighbour(platform: TestPlatform, host: string): Promise<void> {
  const answer = await platform.send('GET', '/', { host })
  if (answer.status !== 200) throw new Error(`the neighbour answered ${answer.status}: ${answer.text}`)
}

/**
 * Declares tests that attack a platform of their own, made by crun or what there is; `everyRuntime`: once with each OCI
 * runtime of this machine. Where there can be no containers they are skipped by name.
 */
export function attackSuite(
  title: string,
  tests: (scene: () => Scene) => void,
  options: { everyRuntime?: boolean; environment?: Record<string, string> } = {},
): void {
  const path = process.env['PATH'] ?? ''
  const found = findOciPrograms(path).map(({ name }) => name)
  const names = found.length === 0 ? ['crun'] : options.everyRuntime === true ? found : found.slice(0, 1)
  for (const name of names) {
    const parts = findOciParts(path, name, PYTHON)
    describe(
      `${title} (${name})`,
      { skip: 'missing' in parts ? `no containers here: ${parts.missing}` : false },
      () => {
        let opened: Scene | undefined
        before(async () => {
          opened = await Scene.open({ SLUICE_OCI_RUNTIME: name, ...options.environment })
        })
        after(() => opened?.platform.stop())
        tests(() => opened!)
      },
    )
  }
}
