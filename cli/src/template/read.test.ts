import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Environment } from '../connection.ts'
import { CliError } from '../errors.ts'
import { parseTemplate } from './read.ts'

const read = (text: string, environment: Environment = {}) =>
  parseTemplate(text, { file: 's.yaml', folder: '/app', environment })

const FC3 = `
edition: 3.0.0
name: shop
access: default
vars:
  region: cn-hangzhou
  limits: { memory: 1024 }
resources:
  web:
    component: fc3
    props:
      region: \${vars.region}
      functionName: shop-web
      runtime: nodejs20
      handler: index.handler
      code: ./code
      memorySize: \${vars.limits.memory}
      timeout: "60"
      logConfig: auto
      environmentVariables:
        STAGE: \${env(STAGE, 'dev')}
        SECRET: "prefix-\${env('TOKEN')}"
        COUNT: 3
        SHELL: "\${HOME}/x"
      triggers:
        - triggerName: http
          triggerType: http
          triggerConfig: { authType: anonymous, methods: [GET] }
        - triggerName: nightly
          triggerType: timer
          qualifier: prod
          triggerConfig: { cronExpression: "0 0 2 * * *", enable: true }
      asyncInvokeConfig: { maxAsyncRetryAttempts: 0 }
      customDomain: { domainName: shop.example.com, route: { path: /* } }
  worker:
    component: fc3@0.1.0
    props:
      functionName: shop-worker
      runtime: custom
      code: { src: worker.zip }
      memroySize: 256
      environmentVariables: { WEB: "\${resources.web.props.functionName}" }
  page:
    component: fc3-domain
    props:
      domainName: page.example.com
      routeConfig: { routes: [{ functionName: shop-web, path: /page }] }
`

test('edition 3: functions, triggers, settings, domains and variables', () => {
  const plan = read(FC3, { TOKEN: 't0' })
  const [web, worker] = plan.functions
  assert.deepEqual(web, {
    ref: { service: null, name: 'shop-web' },
    build: [],
    config: {
      memorySize: 1024,
      timeout: 60,
      diskSize: 512,
      instanceConcurrency: 1,
      runtime: 'nodejs20',
      handler: 'index.handler',
      // What is no expression of s.yaml stays: it may be meant for a shell.
      // oxlint-disable-next-line no-template-curly-in-string
      environmentVariables: { STAGE: 'dev', SECRET: 'prefix-t0', COUNT: '3', SHELL: '${HOME}/x' },
    },
    code: { kind: 'path', path: '/app/code' },
    triggers: [
      {
        triggerName: 'http',
        triggerType: 'http',
        triggerConfig: { authType: 'anonymous', methods: ['GET'] },
        more: {},
      },
      {
        triggerName: 'nightly',
        triggerType: 'timer',
        triggerConfig: { cronExpression: '0 0 2 * * *', enable: true },
        more: { qualifier: 'prod' },
      },
    ],
    settings: [
      {
        action: 'PutAsyncInvokeConfig',
        element: 'async-invoke-config',
        qualifier: 'LATEST',
        body: { maxAsyncRetryAttempts: 0 },
      },
    ],
  })
  assert.deepEqual(worker?.code, { kind: 'path', path: '/app/worker.zip' })
  assert.deepEqual(worker?.config['environmentVariables'], { WEB: 'shop-web' })
  assert.deepEqual(
    plan.domains.map(({ domainName, config }) => [domainName, config['routeConfig']]),
    [
      ['shop.example.com', { routes: [{ path: '/*', functionName: 'shop-web' }] }],
      ['page.example.com', { routes: [{ functionName: 'shop-web', path: '/page' }] }],
    ],
  )
  assert.deepEqual(plan.warnings, [
    "resources.web.props.logConfig: 'auto' makes a cloud resource, which there is none of here; left out",
    'resources.worker.props.memroySize is not known; left out',
  ])
})

test('edition 1: the service, its function, triggers and domains', () => {
  const plan = read(`
edition: 1.0.0
name: old
services:
  api:
    component: devsapp/fc
    props:
      region: cn-hangzhou
      service: { name: old, description: d, internetAccess: true, role: { name: r, policies: [] } }
      function:
        name: hello
        runtime: python3
        handler: index.handler
        codeUri: ./src
        memorySize: 128
        environmentVariables: { ON: true }
        asyncConfiguration: { maxAsyncRetryAttempts: 2, destination: { onFailure: 'acs:mns:q' } }
        provisionConfig: { qualifier: live, target: 2 }
        onDemandConfig: { maximumInstanceCount: 5 }
      triggers:
        - { name: http, type: http, config: { authType: anonymous, methods: [GET, POST] } }
        - { name: oss, type: oss, role: 'acs:ram::1:role/x', sourceArn: 'acs:oss:r:1:b', config: { events: [a] } }
      customDomains:
        - { domainName: auto, routeConfigs: [{ path: /* }] }
        - { domainName: old.example.com, routeConfigs: [{ path: /a }, { path: /b, functionName: other, qualifier: v1 }] }
`)
  assert.deepEqual(plan.services, [{ name: 'old', config: { description: 'd', internetAccess: true } }])
  const [hello] = plan.functions
  assert.deepEqual(hello?.ref, { service: 'old', name: 'hello' })
  assert.deepEqual(hello?.config['environmentVariables'], { ON: 'true' })
  assert.deepEqual(hello?.settings, [
    {
      action: 'PutFunctionAsyncInvokeConfig',
      element: 'async-invoke-config',
      qualifier: 'LATEST',
      body: { maxAsyncRetryAttempts: 2, destinationConfig: { onFailure: { destination: 'acs:mns:q' } } },
    },
    { action: 'PutProvisionConfig', element: 'provision-config', qualifier: 'live', body: { target: 2 } },
    {
      action: 'PutFunctionOnDemandConfig',
      element: 'on-demand-config',
      qualifier: 'LATEST',
      body: { maximumInstanceCount: 5 },
    },
  ])
  assert.deepEqual(hello?.triggers[1]?.more, { sourceArn: 'acs:oss:r:1:b', invocationRole: 'acs:ram::1:role/x' })
  assert.deepEqual(plan.domains, [
    {
      domainName: 'old.example.com',
      config: {
        protocol: 'HTTP',
        routeConfig: {
          routes: [
            { path: '/a', functionName: 'old$hello' },
            { path: '/b', qualifier: 'v1', functionName: 'old$other' },
          ],
        },
      },
    },
  ])
  assert.equal(plan.warnings.length, 2)
})

const props = (lines: string) => `resources:\n  web:\n    component: fc3\n    props: ${lines}`
const broken: [text: string, message: RegExp][] = [
  ['a: [1', /s\.yaml is not valid YAML: .*line 1/s],
  ['a: 1', /neither resources .* nor services/],
  ['ROSTemplateFormatVersion: x', /template of the fun tool/],
  ['resources: {}', /no resource to deploy/],
  [props('{ runtime: nodejs20 }'), /resources\.web\.props\.functionName is missing/],
  [props('{ functionName: a b, runtime: custom, code: . }'), /'a b' is no function name/],
  [props('{ functionName: a, runtime: nodejs20, handler: a.b }'), /resources\.web\.props\.code is missing/],
  [props('{ functionName: a, runtime: custom, code: ., timeout: soon }'), /timeout: "soon" is no number/],
  [
    props("{ functionName: '${vars.name}' }"),
    /resources\.web\.props\.functionName: '\$\{vars\.name\}' is not in the file/,
  ],
  [props("{ functionName: '${env(NOWHERE)}' }"), /the environment variable NOWHERE is not set/],
  [props("{ functionName: '${this.props.functionName}' }"), /refers to itself/],
]

test('what is wrong with a file is said with its place, as a usage error', () => {
  for (const [text, message] of broken) {
    assert.throws(
      () => read(text),
      (error) => error instanceof CliError && error.exitCode === 2 && message.test(error.message),
      text,
    )
  }
})

test('any YAML document is a plan or a usage error', () => {
  const word = fc.constantFrom(
    'resources',
    'services',
    'web',
    'component',
    'fc3',
    'fc',
    'props',
    'function',
    'triggers',
    '${this.a}',
  )
  const value = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 5 },
      word,
      fc.integer(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 2 }),
      fc.dictionary(word, tie('node'), { maxKeys: 4 }),
    ),
  })).node
  fc.assert(
    fc.property(fc.dictionary(word, value), (document) => {
      try {
        read(JSON.stringify(document))
      } catch (error) {
        assert.ok(error instanceof CliError && error.exitCode === 2, String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test('edition 3: each setting of scaling goes to its qualifier', () => {
  const plan = read(`
edition: 3.0.0
resources:
  web:
    component: fc3
    props:
      functionName: web
      runtime: nodejs20
      handler: index.handler
      code: ./code
      concurrencyConfig: { reservedConcurrency: 10 }
      provisionConfig: { qualifier: live, mode: drain, defaultTarget: 2, alwaysAllocateCPU: true }
      scalingConfig: { mode: sync, minInstances: 1, enableOnDemandScaling: false }
`)
  assert.deepEqual(plan.functions[0]?.settings, [
    { action: 'PutConcurrencyConfig', element: 'concurrency', qualifier: null, body: { reservedConcurrency: 10 } },
    {
      action: 'PutProvisionConfig',
      element: 'provision-config',
      qualifier: 'live',
      body: { defaultTarget: 2, alwaysAllocateCPU: true },
    },
    {
      action: 'PutScalingConfig',
      element: 'scaling-config',
      qualifier: 'LATEST',
      body: { minInstances: 1, enableOnDemandScaling: false },
    },
  ])
  assert.deepEqual(plan.warnings, [])
})

test('of two settings for the same instances it is said which one decides', () => {
  const { warnings } = read(`
edition: 3.0.0
resources:
  web:
    component: fc3
    props:
      functionName: web
      runtime: nodejs20
      handler: index.handler
      code: ./code
      provisionConfig: { target: 2 }
      scalingConfig: { minInstances: 1 }
`)
  assert.deepEqual(warnings, [
    'resources.web.props: provisionConfig and scalingConfig set the same instances; scalingConfig, put last, decides',
  ])
})
