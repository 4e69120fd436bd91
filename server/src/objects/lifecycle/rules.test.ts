import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectHead } from '../port.ts'
import { commonPrefix } from './job.ts'
import { dueActions, isUploadDue, type LifecycleRule } from './rules.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2030, 0, 1)

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  ...{ id: 'r', prefix: '', isEnabled: true, tags: {}, expiration: null, removesDeleteMarkers: false },
  ...{ transitions: [], abortUploads: null, noncurrentDays: null, noncurrentTransitions: [] },
  ...more,
})
const version = (ageDays: number, more: Partial<ObjectHead> = {}): ObjectHead => ({
  ...{ bucket: 'b', key: 'logs/a', versionId: `v${ageDays}`, isLatest: true, isDeleteMarker: false, type: 'Normal' },
  ...{ size: 1, etag: 'E', crc64: '0', contentMd5: null, modifiedMs: NOW_MS - ageDays * DAY_MS, symlinkTarget: null },
  ...{ contentType: '', headers: {}, meta: {}, acl: 'default', tags: {}, storageClass: 'Standard' },
  ...more,
})
const due = (rules: LifecycleRule | LifecycleRule[], ...versions: ObjectHead[]) =>
  dueActions([rules].flat(), versions, NOW_MS)
const deleted = (versionId?: string) => ({ kind: 'delete', versionId })

test('an object is removed when its days are over, not before', () => {
  const week = rule({ expiration: { days: 7 } })
  assert.deepEqual(due(week, version(7)), [deleted()])
  assert.deepEqual(due(week, version(6.99)), [])
  assert.deepEqual(due(week), [])
})

test('by date, what was made before it goes when it has come', () => {
  const before = (beforeMs: number) => rule({ expiration: { beforeMs } })
  assert.deepEqual(due(before(NOW_MS - DAY_MS), version(2)), [deleted()])
  assert.deepEqual(due(before(NOW_MS - DAY_MS), version(0.5)), [])
  assert.deepEqual(due(before(NOW_MS + DAY_MS), version(2)), [])
})

test('a rule is for its prefix and its tags, and only while it is enabled', () => {
  const old = { expiration: { days: 1 } }
  assert.deepEqual(due(rule({ ...old, prefix: 'logs/' }), version(9)), [deleted()])
  assert.deepEqual(due(rule({ ...old, prefix: 'data/' }), version(9)), [])
  assert.deepEqual(due(rule({ ...old, isEnabled: false }), version(9)), [])
  assert.deepEqual(due(rule({ ...old, tags: { a: '1' } }), version(9)), [])
  assert.deepEqual(due(rule({ ...old, tags: { a: '1' } }), version(9, { tags: { a: '1', b: '2' } })), [deleted()])
})

test('versions count from when they were replaced', () => {
  const rules = rule({ noncurrentDays: 5 })
  const versions = [version(6), version(30), version(40)]
  assert.deepEqual(due(rules, ...versions), [deleted('v30'), deleted('v40')])
  assert.deepEqual(due(rules, version(4), version(30)), [])
})

test('a delete marker goes when it hides nothing any more', () => {
  const marker = version(2, { isDeleteMarker: true })
  assert.deepEqual(due(rule({ removesDeleteMarkers: true }), marker), [deleted('v2')])
  assert.deepEqual(due(rule({ removesDeleteMarkers: true }), marker, version(3)), [])
  assert.deepEqual(due(rule({ expiration: { days: 1 } }), marker), [deleted('v2')])
  assert.deepEqual(due(rule({ expiration: { days: 9 } }), marker), [])
})

test('the storage class becomes the latest one that is due, once', () => {
  const rules = rule({
    transitions: [
      { age: { days: 3 }, storageClass: 'IA' },
      { age: { days: 9 }, storageClass: 'Archive' },
    ],
  })
  const moved = (ageDays: number, storageClass: string) =>
    due(rules, version(ageDays, { storageClass })).map((action) => action.kind === 'transition' && action.storageClass)
  assert.deepEqual(moved(2, 'Standard'), [])
  assert.deepEqual(moved(3, 'Standard'), ['IA'])
  assert.deepEqual(moved(3, 'IA'), [])
  assert.deepEqual(moved(9, 'IA'), ['Archive'])
  assert.deepEqual(due([rules, rule({ expiration: { days: 9 } })], version(9)), [deleted()])
})

test('uploads that are not completed are given up', () => {
  const upload = { bucket: 'b', key: 'logs/a', uploadId: 'u', initiatedMs: NOW_MS - 2 * DAY_MS, attributes: version(0) }
  assert.equal(isUploadDue([rule({ abortUploads: { days: 2 } })], upload, NOW_MS), true)
  assert.equal(isUploadDue([rule({ abortUploads: { days: 3 } })], upload, NOW_MS), false)
  assert.equal(isUploadDue([rule({ abortUploads: { days: 1 }, prefix: 'x' })], upload, NOW_MS), false)
})

test('only what all rules have in common is left out of the listing', () => {
  assert.equal(commonPrefix([{ prefix: 'logs/a' }, { prefix: 'logs/b' }]), 'logs/')
  assert.equal(commonPrefix([{ prefix: 'logs/' }, { prefix: '' }]), '')
})
