import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fakePlatform, fakeTerminal, sluice, type Answer, type Received } from '../../test/support.ts'

const rule = (name: string, more: object) => ({
  name,
  enabled: true,
  metric: 'FunctionFunctionErrors',
  service: null,
  functionKey: null,
  instanceId: null,
  condition: { kind: 'threshold', comparison: '>', threshold: 5 },
  forSeconds: 0,
  severity: 'warning',
  routes: [],
  ...more,
})

async function run(t: TestContext, answers: Record<string, Answer>, ...argv: string[]) {
  const asked: Received[] = []
  const { environment } = await fakePlatform(t, (request) => {
    asked.push(request)
    return answers[request.path.replace('/sluice/v1/alerts/', '')] ?? { status: 500 }
  })
  return { ...(await sluice(['alerts', ...argv], fakeTerminal({ environment }))), asked }
}

test('rules are told with their state, what they are about, and who hears', async (t) => {
  const rules = [
    rule('errors', { functionKey: 'shop$web', forSeconds: 300, routes: ['chat', 'mail'], severity: 'critical' }),
    rule('quiet', { condition: { kind: 'noData' }, metric: 'RegionTotalInvocations' }),
    rule('odd', { condition: { kind: 'anomaly', deviations: 3, days: 7, direction: 'above' }, enabled: false }),
  ]
  const statuses = [
    { rule: 'errors', state: 'firing', sinceMs: Date.now() - 125_000, value: 7.25, silencedBy: 's', problem: null },
    { rule: 'quiet', state: 'ok', sinceMs: 0, value: null, silencedBy: null, problem: 'no such metric' },
  ]
  const { out } = await run(t, { rules: { body: { rules } }, status: { body: { statuses } } })
  assert.equal(
    out,
    'RULE\tSTATE\tSINCE\tVALUE\tOF\tCONDITION\tSEVERITY\tROUTES\n' +
      'errors\tfiring (silenced)\t2m\t7.25\tshop/web\tFunctionFunctionErrors > 5 for 5m\tcritical\tchat, mail\n' +
      'quiet\tok (no such metric)\t-\t-\teverything\tno RegionTotalInvocations\twarning\t\n' +
      'odd\toff\t-\t-\teverything\tFunctionFunctionErrors above usual by 3 σ\twarning\t\n',
  )
})

test('what happened is told newest first, of one rule since a time, and cannot steer the terminal', async (t) => {
  const events = [
    { timeMs: Date.UTC(2030, 0, 1), rule: 'errors', kind: 'fired', value: 7, route: null, message: 'now\u001B[2J 7' },
  ]
  const { out, asked } = await run(t, { history: { body: { events } } }, 'history', 'errors', '--since', '2029-12-31')
  assert.equal(
    out,
    'TIME\tRULE\tWHAT\tVALUE\tROUTE\tMESSAGE\n' +
      String.raw`2030-01-01T00:00:00.000Z	errors	fired	7	-	now\x1b[2J 7` +
      '\n',
  )
  const from = String(Date.UTC(2029, 11, 31))
  assert.deepEqual(Object.fromEntries(asked[0]!.query), { rule: 'errors', from, limit: '50' })
})

test('rules are kept quiet for a time, and heard again', async (t) => {
  const silence = { id: 's1', rule: 'err*', fromMs: Date.UTC(2030, 0, 1), toMs: Date.UTC(2030, 0, 2), reason: 'move' }
  const made = await run(t, { silences: { body: silence } }, 'silence', 'err*', '--for', '2h', '--reason', 'move')
  const sent = JSON.parse(made.asked[0]!.body.toString()) as {
    rule: string
    fromMs: number
    toMs: number
    reason: string
  }
  assert.deepEqual(
    [made.asked[0]!.method, sent.rule, sent.reason, sent.toMs - sent.fromMs],
    ['POST', 'err*', 'move', 7_200_000],
  )
  assert.match(made.out, /^err\* is silent until .*unsilence s1/)
  const listed = await run(t, { silences: { body: { silences: [silence] } } }, 'silences')
  assert.match(listed.out, /^s1\terr\*\t2030-01-01T00:00:00.000Z\t2030-01-02T00:00:00.000Z\tmove$/m)
  const ended = await run(t, { 'silences/s1': { status: 204 } }, 'unsilence', 's1')
  assert.deepEqual([ended.code, ended.asked[0]!.method], [0, 'DELETE'])
  assert.equal((await run(t, {}, 'silence', 'errors', '--for', 'ever')).code, 2)
  assert.equal((await run(t, {}, 'history', '--limit', '0')).code, 2)
})

test('a test of a rule fails when a route does', async (t) => {
  const deliveries = [
    { route: 'chat', ok: true, message: 'status 200', durationMs: 12 },
    { route: 'mail', ok: false, message: 'refused', durationMs: 3 },
  ]
  const { code, out } = await run(t, { 'rules/errors/test': { body: { deliveries } } }, 'test', 'errors')
  assert.equal(code, 1)
  assert.match(out, /^mail\tno\t3.0 ms\trefused$/m)
})
