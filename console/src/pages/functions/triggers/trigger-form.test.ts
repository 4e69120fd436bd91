import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configFrom, configOf, formOf, isComplete, newTrigger, sourceArnOf, type Trigger } from './trigger-form.ts'

const stored = (triggerType: string, config: object, sourceArn: string | null = null): Trigger => ({
  triggerName: 't',
  triggerType,
  description: '',
  sourceArn,
  qualifier: 'LATEST',
  triggerConfig: JSON.stringify(config),
  httpTrigger: null,
})

const configs: [type: string, config: object, sourceArn: string | null][] = [
  ['http', { methods: ['GET'], authType: 'jwt', authConfig: { jwks: [] }, disableURLInternet: true }, null],
  ['timer', { cronExpression: '@every 1m', payload: 'x', enable: false }, null],
  [
    'oss',
    { events: ['oss:ObjectCreated:UploadPart'], filter: { key: { prefix: 'in/', suffix: '.jpg' } } },
    'acs:oss:r:1:photos',
  ],
  [
    'eventbridge',
    {
      triggerEnable: true,
      eventRuleFilterPattern: '{"type":["a"]}',
      eventSinkConfig: { deliveryOption: { eventSchema: 'RawData', mode: 'event-streaming' } },
      runOptions: { errorsTolerance: 'ALL' },
    },
    'acs:eventbridge:r:1:eventbus/orders',
  ],
]

for (const [type, config, sourceArn] of configs) {
  test(`a trigger of type ${type} that is saved without a change stays as it is`, () => {
    const trigger = stored(type, config, sourceArn)
    const form = formOf(trigger)
    assert.deepEqual(configFrom(form, configOf(trigger)), config)
    assert.equal(sourceArnOf(form, { region: 'r', accountId: '1' }) ?? null, sourceArn)
  })
}

test('a form says when it is ready to be sent', () => {
  const http = { ...newTrigger, name: 'web' }
  assert.ok(isComplete(http))
  assert.ok(!isComplete({ ...http, name: '1web' }))
  assert.ok(!isComplete({ ...http, methods: [] }))
  assert.ok(!isComplete({ ...http, authType: 'jwt', authConfig: '[]' }))
  assert.ok(!isComplete({ ...http, type: 'oss' }))
  assert.ok(!isComplete({ ...http, type: 'eventbridge', pattern: '{' }))
  assert.ok(isComplete({ ...http, type: 'timer' }))
})
