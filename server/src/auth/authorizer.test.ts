import { test } from 'node:test'
import { createAuthorizer } from './authorizer.ts'
import { ACCOUNT_ID, assertRefused } from './test-support.ts'
import type { Principal } from './port.ts'

const authorizer = createAuthorizer({ accountId: ACCOUNT_ID, region: 'cn-hangzhou' })
const RESOURCE = `acs:fc:cn-hangzhou:${ACCOUNT_ID}:functions/other`
const code = (role: string): Principal => ({ kind: 'function', accountId: ACCOUNT_ID, functionKey: 'svc$fn', role })

test('the account may do everything, another account nothing', () => {
  authorizer.authorize({ kind: 'account', accountId: ACCOUNT_ID }, 'fc:DeleteFunction', RESOURCE)
  assertRefused(
    () => authorizer.authorize({ kind: 'account', accountId: '9999999999999999' }, 'fc:GetFunction', RESOURCE),
    'AccessDenied',
    'account 9999999999999999',
  )
})

test('the code of a function without a role may do nothing, and is told what it asked for', () => {
  assertRefused(
    () => authorizer.authorize(code(''), 'fc:InvokeFunction', RESOURCE),
    'AccessDenied',
    `function 'svc$fn' is not allowed to perform action 'fc:InvokeFunction' on resource '${RESOURCE}'`,
  )
})

test('a role lets the code of a function invoke functions and publish events in its account and region, and nothing else', () => {
  authorizer.authorize(code('acs:ram::1:role/r'), 'fc:InvokeFunction', RESOURCE)
  const bus = (account: string) => `acs:eventbridge:cn-hangzhou:${account}:eventbus/default`
  authorizer.authorize(code('acs:ram::1:role/r'), 'eventbridge:PutEvents', bus(ACCOUNT_ID))
  const refused = (action: string, resource: string) =>
    assertRefused(() => authorizer.authorize(code('acs:ram::1:role/r'), action, resource), 'AccessDenied', action)
  refused('fc:UpdateFunction', RESOURCE)
  refused('fc:InvokeFunction', 'acs:fc:cn-hangzhou:9999999999999999:functions/other')
  refused('eventbridge:PutEvents', bus('9999999999999999'))
  refused('fc:InvokeFunction', `acs:fc:cn-shanghai:${ACCOUNT_ID}:functions/other`)
})
