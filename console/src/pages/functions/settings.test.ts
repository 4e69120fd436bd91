import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchFunctions } from './match-functions.ts'
import { changesOf, newSettings, problemsOf } from './settings.ts'
import { sharesOf } from './versions/versions.ts'

test('only what was changed is sent', () => {
  assert.deepEqual(changesOf(newSettings, newSettings, 'nodejs20'), {})
  const after = { ...newSettings, memory: '1024', environment: [{ key: 'A', value: '1' }] }
  assert.deepEqual(changesOf(after, newSettings, 'nodejs20'), {
    memorySize: 1024,
    environmentVariables: { A: '1' },
  })
})

test('hooks and health checks that the form does not show stay when their neighbours change', () => {
  const before = {
    ...newSettings,
    preStop: { handler: 'index.stop', timeout: 3 },
    customRuntimeConfig: { port: 9000, healthCheckConfig: { httpGetUrl: '/health' } },
  }
  const after = { ...before, initializer: 'index.init', port: '8080' }
  assert.deepEqual(changesOf(after, before, 'custom.debian12'), {
    instanceLifecycleConfig: { initializer: { handler: 'index.init', timeout: 30 }, preStop: before.preStop },
    customRuntimeConfig: { port: 8080, healthCheckConfig: { httpGetUrl: '/health' }, command: [], args: [] },
  })
})

test('numbers out of their bounds, between their steps, or no numbers are told', () => {
  const wrong = { ...newSettings, memory: '100', cpu: '0.07', timeout: '0', concurrency: 'many', port: '' }
  assert.deepEqual(problemsOf(wrong), ['memory', 'cpu', 'timeout', 'concurrency', 'port'])
  assert.deepEqual(problemsOf({ ...newSettings, cpu: '0.35' }), [])
})

test('functions are found by all words, within a service or without one', () => {
  const of = (key: string, serviceName: string | null) => ({
    key,
    serviceName,
    runtime: 'nodejs20',
    description: 'Adds up',
  })
  const items = [of('shop$cart', 'shop'), of('none', null), of('cart', null)]
  const keys = (text: string, service: string) => matchFunctions(items, text, service).map(({ key }) => key)
  assert.deepEqual(keys('CART nodejs', 'any'), ['shop$cart', 'cart'])
  assert.deepEqual(keys('', 'none'), ['none', 'cart'])
  assert.deepEqual(keys('adds', 'in shop'), ['shop$cart'])
})

test('shares of an alias add up to one in spite of decimal fractions', () => {
  const alias = { aliasName: 'a', versionId: '1', description: '', additionalVersionWeight: { 2: 0.1, 3: 0.2 } }
  assert.deepEqual(
    sharesOf(alias).map(({ versionId, share }) => [versionId, share]),
    [
      ['1', 0.7],
      ['2', 0.1],
      ['3', 0.2],
    ],
  )
  assert.deepEqual(sharesOf({ ...alias, additionalVersionWeight: null }), [{ versionId: '1', share: 1 }])
})
