import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FcError, type ErrorCode } from '../errors.ts'
import { CHAIN_LENGTH_MAX, type AsyncRequest } from '../invocations/port.ts'
import type { LogLine } from '../logs/port.ts'
import { SimulatedClock } from '../simulated-clock.ts'
import { TriggerCounts } from './counts.ts'
import { createDeliver } from './deliver.ts'
import { triggerNamed } from './test-support.ts'

const trigger = triggerNamed('t', 'oss', {}, { qualifier: 'live' })
const payload = Buffer.from('{}')

function deliveryWith(refusal?: ErrorCode) {
  const accepted: AsyncRequest[] = []
  const discarded: [AsyncRequest, FcError][] = []
  const lines: LogLine[] = []
  const warnings: string[] = []
  const counts = new TriggerCounts()
  const deliver = createDeliver({
    clock: new SimulatedClock(),
    invocations: {
      async accept(request) {
        if (refusal) throw new FcError(refusal, 'because')
        accepted.push(request)
        return null
      },
      discard: async (request, error) => void discarded.push([request, error]),
    },
    counts,
    appendLine: (line) => lines.push(line),
    warn: (message) => warnings.push(message),
  })
  return { deliver, accepted, discarded, lines, warnings, counts }
}

test('an event becomes an asynchronous invocation, one trigger further from its origin', async () => {
  const { deliver, accepted, counts } = deliveryWith()
  const overrides = { retriesMax: 1 }
  await deliver(trigger, { requestId: 'r', payload, depth: 2, clientIp: '10.0.0.1', overrides })
  assert.deepEqual(accepted, [
    {
      requestId: 'r',
      functionKey: 'fn',
      qualifier: 'live',
      payload,
      delaySeconds: 0,
      taskId: null,
      clientIp: '10.0.0.1',
      tracing: null,
      depth: 3,
      overrides,
    },
  ])
  assert.deepEqual([...counts.list()], [{ type: 'oss', outcome: 'fired', count: 1 }])
})

test('so many triggers in a row are a loop: the event is not run, and owner, operator and destination hear of it', async () => {
  const { deliver, accepted, discarded, lines, warnings, counts } = deliveryWith()
  await deliver(trigger, { requestId: 'last', payload, depth: CHAIN_LENGTH_MAX - 1 })
  await deliver(trigger, { requestId: 'beyond', payload, depth: CHAIN_LENGTH_MAX })
  assert.deepEqual(
    accepted.map(({ requestId, depth }) => [requestId, depth]),
    [['last', CHAIN_LENGTH_MAX]],
  )
  assert.equal(discarded[0]![0].requestId, 'beyond')
  assert.equal(discarded[0]![1].code, 'LimitExceededError')
  assert.equal(lines[0]!.functionKey, 'fn')
  assert.equal(lines[0]!.requestId, 'beyond')
  assert.match(lines[0]!.text, /Trigger 't': its event was not run, for 16 triggers in a row/)
  assert.match(warnings[0]!, /trigger 't' of function 'fn'/)
  assert.ok([...counts.list()].some(({ outcome, count }) => outcome === 'failed' && count === 1))
})

for (const code of ['FunctionNotFound', 'AliasNotFound', 'EntityTooLarge', 'FunctionInvocationDisabled'] as const) {
  test(`what no later attempt would change is dropped and told: ${code}`, async () => {
    const { deliver, lines, warnings } = deliveryWith(code)
    await deliver(trigger, { requestId: 'r', payload, depth: 0 })
    assert.match(lines[0]!.text, /its event was dropped: because/)
    assert.equal(warnings.length, 1)
  })
}

for (const code of ['ResourceThrottled', 'ResourceExhausted', 'ServiceUnavailable', 'InternalServerError'] as const) {
  test(`what cannot be taken now stays with its source: ${code}`, async () => {
    const { deliver, lines, warnings } = deliveryWith(code)
    await assert.rejects(deliver(trigger, { requestId: 'r', payload, depth: 0 }), { code })
    assert.deepEqual([...lines, ...warnings], [])
  })
}
