import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseXml } from '../xml.ts'
import { readLifecycle } from './lifecycle.ts'

const rule = (content: string) => `<Rule><Prefix>a/</Prefix><Status>Enabled</Status>${content}</Rule>`
const read = (content: string) =>
  readLifecycle(parseXml(`<LifecycleConfiguration>${content}</LifecycleConfiguration>`, 'LifecycleConfiguration'), 'R')
const days = (name: string, count: number) => `<${name}><Days>${count}</Days></${name}>`
const transition = (count: number, storageClass = 'IA') =>
  `<Transition><Days>${count}</Days><StorageClass>${storageClass}</StorageClass></Transition>`

test('the examples of the documentation are read', () => {
  const [first, second, third] = read(
    rule(`<ID>one day</ID>${days('Expiration', 1)}${days('AbortMultipartUpload', 1)}`) +
      rule(transition(30) + transition(60, 'Archive') + days('Expiration', 3600)) +
      rule(
        '<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>' +
          '<NoncurrentVersionExpiration><NoncurrentDays>5</NoncurrentDays></NoncurrentVersionExpiration>',
      ),
  )
  assert.deepEqual([first!.id, first!.expiration, first!.abortUploads], ['one day', { days: 1 }, { days: 1 }])
  assert.equal(second!.id, 'R-2')
  assert.deepEqual(
    second!.transitions.map(({ storageClass }) => storageClass),
    ['IA', 'Archive'],
  )
  assert.deepEqual([third!.expiration, third!.removesDeleteMarkers, third!.noncurrentDays], [null, true, 5])
})

test('rules that contradict themselves or do nothing are refused', () => {
  const cases: [string, RegExp][] = [
    ['', /1 to 1000 Rules/],
    [rule(''), /does nothing/],
    [rule(days('Expiration', 0)), /from 1 to/],
    [rule('<Expiration/>'), /either Days or CreatedBeforeDate/],
    [
      rule('<Expiration><CreatedBeforeDate>2030-01-01T01:00:00.000Z</CreatedBeforeDate></Expiration>'),
      /CreatedBeforeDate/,
    ],
    [rule(transition(30) + days('Expiration', 30)), /later than its transitions/],
    [rule(transition(30) + transition(20, 'Archive')), /later than the one before/],
    [rule(transition(30, 'Standard')), /StorageClass/],
    [rule(`<Tag><Key>a</Key><Value>b</Value></Tag>${days('AbortMultipartUpload', 1)}`), /has a Tag/],
    [rule(days('Expiration', 1)).replace('Enabled', 'On'), /Enabled or Disabled/],
    [rule(`<ID>x</ID>${days('Expiration', 1)}`).repeat(2), /ID of its own/],
    [rule(`<Filter/>${days('Expiration', 1)}`), /not offered/],
  ]
  for (const [content, message] of cases) assert.throws(() => read(content), message)
})
