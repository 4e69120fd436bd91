import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FcError } from '../../errors.ts'
import type { InvocationRequest, Invocations, Responder } from '../port.ts'
import { ANSWER_BYTES_MAX, Attempt } from './attempt.ts'
import { throws } from './test-support.ts'

function startAttempt() {
  const told: unknown[] = []
  let responder: Responder | null = null
  const invocations = {
    create(_request: InvocationRequest, body: Buffer | null, given: Responder) {
      assert.equal(body, null)
      responder = given
      return {
        begin: () => told.push('begin'),
        send: (chunk: Buffer, end: boolean) => told.push(['send', chunk.toString(), end]),
        consumed: (bytes: number) => told.push(['consumed', bytes]),
        account: (status: number, bytes: number, error?: FcError) => told.push(['account', status, bytes, error?.code]),
        outcome: () => ({ durationMs: 3, maxMemoryMB: 1, instanceId: 'c-1', logTail: '' }),
      }
    },
  } as unknown as Invocations
  const attempt = new Attempt(invocations, {} as InvocationRequest, Buffer.from('event'), (id) => told.push(id))
  attempt.begin()
  return { attempt, told, responder: responder as unknown as Responder }
}

test('the event is sent when an instance has it, and the answer kept whole', async () => {
  const { attempt, told, responder } = startAttempt()
  responder.onStart()
  const passing = Buffer.from('an answer')
  responder.onHead('{}', passing.subarray(0, 3), false)
  responder.onData(passing.subarray(3), true)
  // What is passed on is valid during the call only.
  passing.fill(0)
  const { end, durationMs, instanceId } = await attempt.result
  assert.deepEqual([end, durationMs, instanceId], [{ kind: 'answered', body: Buffer.from('an answer') }, 3, 'c-1'])
  assert.deepEqual(told, ['begin', 'c-1', ['send', 'event', true], ['consumed', 3], ['account', 200, 9, undefined]])
})

test('of a long answer the beginning is kept, the rest is read and dropped', async () => {
  const { attempt, told, responder } = startAttempt()
  responder.onStart()
  const chunk = Buffer.alloc(400 * 1024, 'x')
  responder.onHead('{}', chunk, false)
  for (let chunks = 1; chunks < 9; chunks++) responder.onData(chunk, false)
  responder.onData(chunk, true)
  const { end } = await attempt.result
  assert.equal(end.kind === 'answered' && end.body.length, ANSWER_BYTES_MAX)
  assert.deepEqual(told.at(-1), ['account', 200, 10 * chunk.length, undefined])
  assert.equal(told.filter((each) => Array.isArray(each) && each[0] === 'consumed').length, 9)
})

test('failures of the function and of the platform are told apart, in the record too', async () => {
  const failed = startAttempt()
  failed.responder.onFailed(throws('broken'))
  assert.equal((await failed.attempt.result).end.kind, 'failed')
  assert.deepEqual(failed.told.at(-1), ['account', 200, 0, undefined])
  const refused = startAttempt()
  refused.responder.onFailed({ kind: 'platform', error: new FcError('ResourceExhausted', 'busy') })
  assert.equal((await refused.attempt.result).end.kind, 'refused')
  assert.deepEqual(refused.told.at(-1), ['account', 429, 0, 'ResourceExhausted'])
})
