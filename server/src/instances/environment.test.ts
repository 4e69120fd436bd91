import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionVersion } from '../model.ts'
import { functionEnvironment, initFrame } from './environment.ts'

const facts = {
  accountId: '1234567890123456',
  region: 'cn-hangzhou',
  instanceId: 'c-1',
  qualifier: 'LATEST',
  runtimeVersion: '26.10.0',
  codePath: '/code',
  layersPath: '/opt',
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token', expiresAtMs: 0 },
  endpoints: { SLUICE_ENDPOINT: 'http://platform' },
}

function versionWith(environmentVariables: Record<string, string> = {}): FunctionVersion {
  const config = { handler: 'index.handler', memoryMB: 128, environmentVariables, settings: {} }
  return {
    key: 'f',
    versionId: '3',
    service: null,
    function: { name: 'f', service: null, config },
  } as unknown as FunctionVersion
}

test('programs, libraries and modules are looked for in the code and in the layers, after the system', () => {
  const { PATH, LD_LIBRARY_PATH, NODE_PATH, PYTHONPATH, SLUICE_LAYERS_PATH } = functionEnvironment(versionWith(), facts)
  assert.deepEqual(
    { PATH, LD_LIBRARY_PATH, NODE_PATH, PYTHONPATH, SLUICE_LAYERS_PATH },
    {
      PATH: '/usr/local/bin:/usr/bin:/bin:/opt/bin',
      LD_LIBRARY_PATH: '/code:/code/lib:/usr/local/lib:/opt/lib',
      NODE_PATH: '/usr/local/lib/node_modules:/opt/nodejs/node_modules',
      PYTHONPATH: '/code:/opt/python',
      SLUICE_LAYERS_PATH: '/opt',
    },
  )
})

test('where code and layers lie elsewhere, the search paths lead there', () => {
  const elsewhere = { ...facts, codePath: '/data/code/', layersPath: '/data/layers' }
  const environment = functionEnvironment(versionWith(), elsewhere)
  assert.equal(environment['FC_FUNC_CODE_PATH'], '/data/code/')
  assert.equal(environment['PYTHONPATH'], '/data/code:/data/layers/python')
  assert.equal(environment['LD_LIBRARY_PATH'], '/data/code:/data/code/lib:/usr/local/lib:/data/layers/lib')
  assert.equal(environment['NODE_PATH'], '/usr/local/lib/node_modules:/data/layers/nodejs/node_modules')
})

test('a function may set search paths, and nothing that is the platform’s', () => {
  const own = { PATH: '/opt/node/bin:/bin', PYTHONPATH: '/opt/mine', ALIBABA_CLOUD_ACCESS_KEY_ID: 'another', A: '1' }
  const environment = functionEnvironment(versionWith(own), facts)
  assert.equal(environment['PATH'], own.PATH)
  assert.equal(environment['PYTHONPATH'], own.PYTHONPATH)
  assert.equal(environment['A'], '1')
  assert.equal(environment['ALIBABA_CLOUD_ACCESS_KEY_ID'], 'id')
})

test('INIT tells a runtime where the layers are', () => {
  const version = versionWith()
  Object.assign(version.function.config, { initializer: null, preFreeze: null, preStop: null })
  const { codePath, layersPath } = initFrame(version, facts, 'r-1', 1)
  assert.deepEqual({ codePath, layersPath }, { codePath: '/code', layersPath: '/opt' })
})
