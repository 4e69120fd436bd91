import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Runtimes } from '../runtimes.ts'
import { kernelProblem, withContainers } from './available.ts'

test('containers need a Linux that shows files with other owners below a layer', () => {
  for (const release of ['5.19.0', '6.1.0-13-amd64', '6.18.44', '10.0'])
    assert.equal(kernelProblem(release), null, release)
  for (const release of ['5.15.0-91-generic', '4.18.0-553.el8', 'unknown']) {
    assert.match(kernelProblem(release) ?? '', new RegExp(`needs Linux 5\\.19 or newer, and this is ${release}`))
  }
})

test('only the runtime of images is decided by what containers need', () => {
  const none = { available: (name: string) => ({ ok: false, reason: `no ${name}` }) } as unknown as Runtimes
  assert.deepEqual(withContainers(none, null).available('custom-container'), { ok: true })
  assert.deepEqual(withContainers(none, 'no room').available('custom-container'), { ok: false, reason: 'no room' })
  assert.deepEqual(withContainers(none, null).available('php7.2'), { ok: false, reason: 'no php7.2' })
})
