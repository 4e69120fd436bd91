import assert from 'node:assert/strict'
import { test } from 'node:test'
import { snippetsFor } from './snippets.ts'

const platform = { accountId: '123', region: 'cn-hangzhou', endpoint: 'http://127.0.0.1:7900', objects: undefined }

test('code to paste names this very platform', () => {
  for (const { id, text } of snippetsFor(platform)) assert.match(text, /127\.0\.0\.1:7900/, id)
})

test('objects are spoken of where there are some', () => {
  assert.equal(
    snippetsFor(platform).some(({ id }) => id === 'oss'),
    false,
  )
  const [oss] = snippetsFor({ ...platform, objects: 'http://localhost:7901' }).filter(({ id }) => id === 'oss')
  assert.match(oss!.text, /endpoint: 'http:\/\/localhost:7901'/)
})
