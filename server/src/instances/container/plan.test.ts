import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FunctionVersion } from '../../model.ts'
import { containerEnvironment } from './plan.ts'

const facts = {
  accountId: '1234567890123456',
  region: 'cn-hangzhou',
  instanceId: 'c-1',
  qualifier: 'LATEST',
  codePath: '/code',
  layersPath: '/opt',
  runtimeVersion: '',
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token', expiresAtMs: 0 },
  endpoints: {},
}

function environmentOf(ofImage: Record<string, string>, ofFunction: Record<string, string> = {}) {
  const config = { handler: '', memoryMB: 128, environmentVariables: ofFunction, settings: {} }
  const document = { name: 'f', service: null, config }
  const version = { key: 'f', versionId: 'LATEST', service: null, function: document } as unknown as FunctionVersion
  const user = { uid: 0, gid: 0, groups: [] }
  const image = { entrypoint: [], command: [], environment: ofImage, workingFolder: '/', user }
  return containerEnvironment(version, facts, image)
}

test('search paths are the image’s, or what the function sets; none leads to code or layers, which an image has not', () => {
  const { PATH, LD_LIBRARY_PATH, NODE_PATH, PYTHONPATH, SLUICE_LAYERS_PATH } = environmentOf({ PATH: '/app/bin:/bin' })
  assert.equal(PATH, '/app/bin:/bin')
  assert.deepEqual([LD_LIBRARY_PATH, NODE_PATH, PYTHONPATH, SLUICE_LAYERS_PATH], Array(4).fill(undefined))
  const set = environmentOf({ PATH: '/app/bin', PYTHONPATH: '/app' }, { PATH: '/own', NODE_PATH: '/own/modules' })
  assert.deepEqual([set['PATH'], set['PYTHONPATH'], set['NODE_PATH']], ['/own', '/app', '/own/modules'])
  assert.equal(environmentOf({})['PATH'], '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')
})

test('the function’s variables replace the image’s, and the platform’s own replace both', () => {
  const environment = environmentOf({ A: 'image', B: 'image', FC_REGION: 'image' }, { A: 'function' })
  assert.deepEqual([environment['A'], environment['B'], environment['FC_REGION']], ['function', 'image', 'cn-hangzhou'])
})
