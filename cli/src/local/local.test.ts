/** What a local invocation decides before anything runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTemplate } from '../template/read.ts'
import { describeAttach, launchConfiguration } from './attach.ts'
import { planOne } from './one-function.ts'
import { parseRequest } from './request.ts'

const plan = parseTemplate(
  `
edition: 3.0.0
resources:
  a:
    component: fc3
    props:
      functionName: a
      runtime: nodejs20
      handler: index.handler
      code: ./a
      provisionConfig: { target: 3 }
      customDomain: { domainName: a.example.com, route: { path: /* } }
      triggers:
        - { triggerName: web, triggerType: http, qualifier: prod, triggerConfig: { authType: function, methods: [GET] } }
        - { triggerName: nightly, triggerType: timer, triggerConfig: { cronExpression: '@every 1h', enable: true } }
  b:
    component: fc3
    props: { functionName: b, runtime: python3.10, handler: index.handler, code: { ossBucketName: x, ossObjectName: y } }
`,
  { file: 's.yaml', folder: '/app', environment: {} },
)

test('one function is taken, without what only a cloud or a crowd needs', () => {
  const { plan: one, planned } = planOne(plan, 'a', false)
  assert.deepEqual([one.functions.length, one.domains.length], [1, 0])
  assert.deepEqual([planned.triggers, planned.settings], [[], []])
  assert.equal(planned.config['runtime'], 'nodejs20')
})

test('over HTTP its own trigger serves, without a signature; one that has none gets one', () => {
  const [trigger, ...more] = planOne(plan, 'a', true).planned.triggers
  assert.deepEqual(more, [])
  assert.deepEqual(trigger, {
    triggerName: 'web',
    triggerType: 'http',
    triggerConfig: { authType: 'anonymous', methods: ['GET'] },
    more: {},
  })
  const bare = { ...plan, functions: [{ ...plan.functions[0]!, triggers: [] }] }
  assert.equal(planOne(bare, undefined, true).planned.triggers[0]!.triggerConfig['authType'], 'anonymous')
})

test('which of several must be said, and code must be here', () => {
  assert.throws(() => planOne(plan, undefined, false), { message: '--function: which function?', hint: /a, b$/ })
  assert.throws(() => planOne(plan, 'c', false), /there is no function 'c'/)
  assert.throws(() => planOne(plan, 'b', false), /^CliError: b: its code is in a bucket/)
})

test('a request is a method and a path', () => {
  assert.deepEqual(parseRequest('post /a?b=c', ['X-A: 1: 2', 'Host:h']), {
    method: 'POST',
    path: '/a?b=c',
    headers: { 'X-A': '1: 2', Host: 'h' },
  })
  assert.deepEqual(parseRequest('/', []), { method: 'GET', path: '/', headers: {} })
  for (const wrong of ['', 'GET', 'GET a', 'TRACE /', 'GET /a /b', 'http://host/']) {
    assert.throws(() => parseRequest(wrong, []), /is no request; give 'GET \/path'/, wrong)
  }
  assert.throws(() => parseRequest('/', ['no colon']), /--header: 'no colon' is not 'Name: value'/)
})

test('a debugger is told where the code is, in its editor and in its instance', () => {
  const at = { port: 9300, localPath: '/app/code', remotePath: '/tmp/x' }
  const folders = { localRoot: '/app/code', remoteRoot: '/tmp/x' }
  assert.deepEqual(launchConfiguration({ ...at, language: 'nodejs' }), {
    ...{ type: 'node', request: 'attach', name: 'sluice', address: '127.0.0.1', port: 9300 },
    ...folders,
  })
  const python = launchConfiguration({ ...at, language: 'python' })
  assert.deepEqual(python['pathMappings'], [folders])
  assert.match(describeAttach({ ...at, language: 'nodejs' }), /node inspect 127\.0\.0\.1:9300\n.*9300 under Configure/)
  assert.match(describeAttach({ ...at, language: 'java' }), /jdb -connect .*port=9300\n/)
})
