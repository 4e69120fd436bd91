import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastify from 'fastify'
import { createAuthorizer } from '../../auth/authorizer.ts'
import type { Principal } from '../../auth/port.ts'
import { errorBody, toFcError } from '../../errors.ts'
import type { InvocationRecord } from '../../logs/port.ts'
import { recordOf } from '../../logs/test-support.ts'
import { registerTraceRoutes } from './traces.ts'

const ACCOUNT = '1234567890123456'
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function appWith(records: InvocationRecord[], principal: Principal = { kind: 'account', accountId: ACCOUNT }) {
  const app = fastify()
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request) => void (request.principal = principal))
  app.setErrorHandler((thrown, _request, reply) => {
    const error = toFcError(thrown)
    return reply.code(error.status).send(errorBody(error, 'r'))
  })
  registerTraceRoutes(app, {
    authorizer: createAuthorizer({ accountId: ACCOUNT, region: 'r' }),
    accountId: ACCOUNT,
    region: 'r',
    logs: { queryRecords: async ({ requestId }) => records.filter((record) => record.requestId === requestId) },
  })
  const ask = async (query: string) => {
    const { statusCode, body } = await app.inject({ method: 'GET', url: `/sluice/v1/traces${query}` })
    return {
      statusCode,
      body: JSON.parse(body) as { traceId: string; spans: { name: string }[]; ErrorMessage: string },
    }
  }
  return ask
}

test('the trace of a request has a tree for each attempt, and its initializer is told as a phase', async () => {
  const ask = appWith([
    recordOf({ kind: 'initialize', startedMs: 999 }),
    recordOf({ startedMs: 1000, traceparent: TRACEPARENT }),
    recordOf({ startedMs: 2000, traceparent: TRACEPARENT }),
  ])
  const { statusCode, body } = await ask('?requestId=r')
  assert.equal(statusCode, 200)
  assert.equal(body.traceId, '4bf92f3577b34da6a3ce929d0e0e4736')
  assert.deepEqual(
    body.spans.map(({ name }) => name),
    ['invocation', 'queue', 'execution', 'invocation', 'queue', 'execution'],
  )
})

test('a request that runs or is not known has no spans yet; a run of a hook has its own', async () => {
  const ask = appWith([recordOf({ requestId: 'h', kind: 'preFreeze' })])
  assert.deepEqual((await ask('?requestId=r')).body.spans, [])
  assert.deepEqual(
    (await ask('?requestId=h')).body.spans.map(({ name }) => name),
    ['preFreeze'],
  )
})

test('without a request id the answer names it, and a function may not read traces', async () => {
  const { statusCode, body } = await appWith([])('')
  assert.equal(statusCode, 400)
  assert.match(body.ErrorMessage, /requestId/)
  const stranger: Principal = { kind: 'function', accountId: ACCOUNT, functionKey: 'f', role: 'acs:ram::1:role/r' }
  assert.equal((await appWith([], stranger)('?requestId=r')).statusCode, 403)
})
