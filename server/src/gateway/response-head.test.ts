import assert from 'node:assert/strict'
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { FcError } from '../errors.ts'
import { readResponseHead } from './response-head.ts'

const read = (head: unknown) => readResponseHead(JSON.stringify(head))

test('status and headers default to 200 and none', () => {
  assert.deepEqual(read({}), { status: 200, headers: [] })
  assert.deepEqual(read({ status: 404, headers: ['A', 'b', 'a', 'c'] }), { status: 404, headers: ['A', 'b', 'a', 'c'] })
})

test('headers that are not the function’s to say are dropped', () => {
  const headers = [
    'X-Fc-Request-Id',
    'Connection',
    'Content-Length',
    'Date',
    'Keep-Alive',
    'Server',
    'Upgrade',
    'Trailer',
  ]
  const flat = [...headers, 'Transfer-Encoding'].flatMap((name) => [name, '1'])
  assert.deepEqual(read({ headers: [...flat, 'X-Kept', '1'] }).headers, ['X-Kept', '1'])
})

test('a plain attachment is dropped, one with a file name is kept', () => {
  const named = ['Content-Disposition', 'attachment; filename="a.csv"']
  assert.deepEqual(read({ headers: ['content-disposition', ' Attachment ', ...named] }).headers, named)
})

test('statuses and headers that break an answer are refused', () => {
  for (const head of [
    { status: 199 },
    { status: 600 },
    { status: 200.5 },
    { status: '200' },
    { status: null },
    { headers: ['A'] },
    { headers: {} },
    { headers: ['A', 1] },
    { headers: ['', ''] },
    { headers: ['A B', ''] },
    { headers: ['A', 'b\nc'] },
    { headers: ['A', '\0'] },
    { headers: ['A', 'b'.repeat(8192)] },
  ]) {
    assert.throws(() => read(head), { code: 'BadResponse' }, JSON.stringify(head).slice(0, 80))
  }
  assert.throws(() => readResponseHead('{'), { code: 'BadResponse' })
})

test('whatever a function says, node:http takes what is passed on', () => {
  const text = fc.string({ unit: 'binary' })
  const head = fc.oneof(
    fc.json(),
    fc
      .record({ status: fc.integer({ min: 0, max: 700 }), headers: fc.array(text) })
      .map((value) => JSON.stringify(value)),
  )
  fc.assert(
    fc.property(head, (json) => {
      try {
        const { status, headers } = readResponseHead(json)
        assert.ok(status >= 200 && status <= 599)
        for (let i = 0; i < headers.length; i += 2) {
          validateHeaderName(headers[i]!)
          validateHeaderValue(headers[i]!, headers[i + 1]!)
        }
      } catch (error) {
        assert.ok(error instanceof FcError && error.code === 'BadResponse')
      }
    }),
  )
})

test('a head that was seen before reads the same', () => {
  const json = JSON.stringify({ status: 201, headers: ['X-Same', '1'] })
  assert.deepEqual(readResponseHead(json), readResponseHead(json))
})
