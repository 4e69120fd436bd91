import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpAddressesOf } from './http-addresses.ts'
import type { Trigger } from './trigger-form.ts'

const trigger = (triggerName: string, qualifier: string, config: object, triggerType = 'http'): Trigger => ({
  ...{ triggerName, triggerType, qualifier, description: '', sourceArn: null },
  triggerConfig: JSON.stringify(config),
  httpTrigger: triggerType === 'http' ? { urlInternet: `http://${triggerName}/`, urlIntranet: '' } : null,
})

test('a function is reached where its HTTP triggers are open, the latest code first', () => {
  const triggers = [
    trigger('stable', 'prod', {}),
    trigger('closed', 'LATEST', { disableURLInternet: true }),
    trigger('clock', 'LATEST', {}, 'timer'),
    trigger('newest', 'LATEST', {}),
  ]
  assert.deepEqual(httpAddressesOf(triggers), [
    { url: 'http://newest/', qualifier: '' },
    { url: 'http://stable/', qualifier: 'prod' },
  ])
})
