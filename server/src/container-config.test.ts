import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerCommand, containerConfig } from './container-config.ts'

const image = { entrypoint: ['/serve'], command: ['--quick'] }

test('what the function names takes the place of what the image names', () => {
  const none = { entrypoint: null, command: null }
  assert.deepEqual(containerCommand(none, image), ['/serve', '--quick'])
  assert.deepEqual(containerCommand({ ...none, command: ['--slow'] }, image), ['/serve', '--slow'])
  assert.deepEqual(containerCommand({ ...none, entrypoint: ['/other'] }, image), ['/other'])
  assert.deepEqual(containerCommand({ entrypoint: ['/other'], command: ['a'] }, image), ['/other', 'a'])
  assert.deepEqual(containerCommand({ entrypoint: [], command: [] }, image), ['/serve', '--quick'])
  assert.deepEqual(containerCommand(none, { entrypoint: [], command: [] }), [])
})

test('settings are read as 3.0 writes them, and what is not there is empty', () => {
  const registryConfig = { authConfig: { userName: 'u', password: 'p' }, certConfig: { insecure: true } }
  const customContainerConfig = { image: 'a/b', entrypoint: ['x'], webServerMode: false, registryConfig }
  assert.deepEqual(containerConfig({ settings: { customContainerConfig } }), {
    ...{ image: 'a/b', entrypoint: ['x'], command: null, isWebServer: false },
    registry: { userName: 'u', password: 'p', isInsecure: true, rootCaCertificate: '' },
  })
  assert.deepEqual(containerConfig({ settings: {} }), {
    ...{ image: '', entrypoint: null, command: null, isWebServer: true },
    registry: { userName: '', password: '', isInsecure: false, rootCaCertificate: '' },
  })
})
