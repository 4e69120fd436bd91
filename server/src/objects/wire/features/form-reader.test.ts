import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { OssError } from '../../port.ts'
import { readForm } from './form-reader.ts'

const TYPE = 'multipart/form-data; boundary=b'
const field = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const file = (content: string, name = 'file', fileName = 'a.txt') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"; filename="${fileName}"\r\nContent-Type: text/x\r\n\r\n${content}\r\n`
const END = '--b--\r\n'

async function* chunks(body: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const refusedWith = (code: string) => (error: unknown) => error instanceof OssError && error.code === code

test('fields before the file are read, those after it are not', async () => {
  const form = await readForm(TYPE, chunks(field('Key', 'ü') + file('content') + field('policy', 'late') + END))
  assert.deepEqual([...form.fields], [['key', 'ü']])
  assert.equal(await text(form.file), 'content')
  assert.deepEqual([form.fileName, form.fileType], ['a.txt', 'text/x'])
  assert.equal(form.fields.has('policy'), false)
})

test('folders that a browser tells are not part of the file’s name', async () => {
  const names = { 'C:\\dir\\a.png': 'a.png', '/folder/b.png': 'b.png', '../c': 'c' }
  for (const [told, expected] of Object.entries(names)) {
    const form = await readForm(TYPE, chunks(file('x', 'file', told.replaceAll('\\', '\\\\')) + END))
    assert.equal(form.fileName, expected)
    form.close()
  }
})

test('a file may stand in pieces of any size', async () => {
  const content = fc.string({ unit: fc.constantFrom('a', '-', '\r', '\n', 'b'), maxLength: 60 })
  await fc.assert(
    fc.asyncProperty(content, fc.integer({ min: 1, max: 30 }), async (given, size) => {
      fc.pre(!`\r\n${given}`.includes('\r\n--b'))
      const form = await readForm(TYPE, chunks(field('key', 'k') + file(given) + END, size))
      assert.equal(await text(form.file), given)
    }),
  )
})

test('what is no form is refused', async () => {
  const cases: [string, string, string][] = [
    ['text/plain', '', 'MalformedPOSTRequest'],
    ['multipart/form-data', file('x') + END, 'MalformedPOSTRequest'],
    [TYPE, field('key', 'k') + END, 'IncorrectNumberOfFilesInPOSTRequest'],
    [TYPE, field('key', 'k').slice(0, 30), 'MalformedPOSTRequest'],
    [TYPE, 'no form at all', 'MalformedPOSTRequest'],
    [TYPE, field('key', 'k'.repeat(70_000)) + file('x') + END, 'FieldItemTooLong'],
    [TYPE, field('a', 'k').repeat(300) + file('x') + END, 'MalformedPOSTRequest'],
  ]
  for (const [type, body, code] of cases)
    await assert.rejects(readForm(type, chunks(body, 4096)), refusedWith(code), code)
})

test('a form that ends within its file fails the file', async () => {
  const form = await readForm(TYPE, chunks(field('key', 'k') + file('content').slice(0, -4)))
  await assert.rejects(text(form.file), refusedWith('MalformedPOSTRequest'))
})
