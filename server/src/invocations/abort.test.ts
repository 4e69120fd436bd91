import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FcError } from '../errors.ts'
import { noMeter } from '../meter/port.ts'
import { functionNamed } from '../gateway/test-support.ts'
import type { Instances, SlotHolder } from '../instances/port.ts'
import type { FunctionVersion } from '../model.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import type { InvocationFailure, InvocationRequest, Responder } from './port.ts'
import { createInvocations } from './sync.ts'

const versionOf = (key: string): FunctionVersion => ({
  id: `${key}@LATEST#1`,
  key,
  service: null,
  function: functionNamed(null, key),
  versionId: 'LATEST',
})

/** Invocations of which `held` have a slot that nothing comes back from, and the others wait. */
function begin(keys: readonly string[], held: readonly string[], limits: { timeoutMs?: number } = {}) {
  const happened: string[] = []
  const note = (what: string) => happened.push(what)
  const instances = {
    acquire(version: FunctionVersion, _qualifier: string, holder: SlotHolder) {
      if (!held.includes(version.key)) return
      holder.onSlot({
        instanceId: 'c-1',
        coldStart: null,
        invoke: () => ({ cancel: (reason: string) => note(`${version.key} cancelled: ${reason}`) }) as never,
        peakMemoryMB: () => 0,
        release: () => note(`${version.key} released`),
        abandon: () => note(`${version.key} abandoned`),
      })
    },
    withdraw: (version: FunctionVersion) => note(`${version.key} withdrawn`),
    observeServiceMs: () => {},
  } as unknown as Instances
  const clock = new SimulatedClock()
  const invocations = createInvocations({
    ...limits,
    clock,
    instances,
    appendLine: () => {},
    onRecord: () => {},
    tracer: null,
    meter: noMeter,
  })
  for (const key of keys) {
    const responder = {
      onFailed: (failure: InvocationFailure) =>
        note(`${key} failed: ${failure.kind === 'platform' ? failure.error.code : failure.kind}`),
      onStart: () => {},
    } as unknown as Responder
    const version = versionOf(key)
    const request = { requestId: 'r', version, qualifier: 'LATEST', http: null, tracing: null } as InvocationRequest
    invocations.create(request, Buffer.alloc(0), responder).begin()
  }
  return { invocations, happened, clock }
}

const error = new FcError('FunctionInvocationDisabled', 'disabled')

test('what runs of a function ends with the error, and takes its instance with it; other functions go on', () => {
  const { invocations, happened, clock } = begin(['f', 'g'], ['f', 'g'])
  invocations.abort('f', error)
  assert.deepEqual(happened, ['f failed: FunctionInvocationDisabled', 'f cancelled: disconnect', 'f abandoned'])
  invocations.abort('f', error)
  // Its timeout is over, too.
  clock.advance(1000 * versionOf('f').function.config.timeoutSeconds)
  assert.deepEqual(happened.slice(3), ['g failed: function', 'g cancelled: timeout', 'g abandoned'])
})

test('a time limit that stands for those of all functions is the one that holds', () => {
  const { happened, clock } = begin(['f'], ['f'], { timeoutMs: 3_600_000 })
  clock.advance(3_599_999)
  assert.deepEqual(happened, [])
  clock.advance(1)
  assert.deepEqual(happened, ['f failed: function', 'f cancelled: timeout', 'f abandoned'])
})

test('what waits for an instance waits no longer', () => {
  const { invocations, happened } = begin(['f'], [])
  invocations.abort('f', error)
  assert.deepEqual(happened, ['f withdrawn', 'f failed: FunctionInvocationDisabled'])
})
