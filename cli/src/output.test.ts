import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeTerminal } from '../test/support.ts'
import { ApiError, CliError } from './errors.ts'
import { createOutput, formatDuration, formatSize, printable } from './output.ts'

const rows = [
  { name: 'a', code: '1 KB' },
  { name: 'longer', code: '' },
]

function outputOf(options: { isTTY?: boolean; json?: boolean; color?: boolean; environment?: Record<string, string> }) {
  const terminal = fakeTerminal(options)
  return { terminal, output: createOutput(terminal, { json: options.json ?? false, color: options.color ?? true }) }
}

test('a table is aligned on a terminal and tab-separated in a pipe', () => {
  const aligned = outputOf({ isTTY: true, color: false })
  aligned.output.table(rows, rows, ['name', 'code'], 'none')
  assert.equal(aligned.terminal.stdout.text, 'NAME    CODE\na       1 KB\nlonger\n')
  const piped = outputOf({})
  piped.output.table(rows, rows, ['name', 'code'], 'none')
  assert.equal(piped.terminal.stdout.text, 'NAME\tCODE\na\t1 KB\nlonger\t\n')
})

test('an empty table says so to people and nothing to pipes', () => {
  const shown = outputOf({ isTTY: true })
  shown.output.table([], [], ['name'], 'no functions yet')
  assert.equal(shown.terminal.stdout.text, 'no functions yet\n')
  const piped = outputOf({})
  piped.output.table([], [], ['name'], 'no functions yet')
  assert.equal(piped.terminal.stdout.text, '')
})

test('with --json stdout holds one document and stderr nothing', () => {
  const { terminal, output } = outputOf({ json: true })
  const step = output.step('working')
  step.done('worked')
  output.note('by the way')
  output.warn('careful')
  output.table(rows, rows, ['name'], 'none')
  assert.deepEqual(JSON.parse(terminal.stdout.text), rows)
  assert.equal(terminal.stderr.text, '')
})

test('an error as JSON carries code, request id and exit code', () => {
  const { terminal, output } = outputOf({ json: true })
  output.error(new ApiError(404, 'FunctionNotFound', 'no such', '1-2'))
  assert.deepEqual(JSON.parse(terminal.stdout.text), {
    error: { message: 'no such', code: 'FunctionNotFound', requestId: '1-2', exitCode: 3 },
  })
})

test('colours are for terminals that want them', () => {
  const coloured = (options: Parameters<typeof outputOf>[0]) => outputOf(options).output.style('red', 'x') !== 'x'
  assert.equal(coloured({ isTTY: true }), true)
  assert.equal(coloured({ isTTY: false }), false)
  assert.equal(coloured({ isTTY: true, color: false }), false)
  assert.equal(coloured({ isTTY: true, environment: { NO_COLOR: '1' } }), false)
  assert.equal(coloured({ isTTY: true, json: true }), false)
})

test('progress is plain lines in a pipe and one line that is cleared on a terminal', () => {
  const piped = outputOf({})
  const step = piped.output.step('packing')
  step.update('uploading')
  step.done('deployed')
  assert.match(piped.terminal.stderr.text, /^packing\nuploading\n✓ deployed [\d.]+ ms\n$/)
  const shown = outputOf({ isTTY: true })
  shown.output.step('packing')
  shown.output.error(new CliError('no'))
  assert.match(shown.terminal.stderr.text.replaceAll('\r\u001B[K', '<clear>'), /packing[^\n]*<clear>[^\n]*error/)
})

test('text of strangers cannot move the cursor', () => {
  assert.equal(printable('a\u001B[2Jb\rc\u0007\td', true), String.raw`a\x1b[2Jb\x0dc\x07` + '\td')
  assert.equal(printable('\u001B[31mred\u001B[0m', true), '\u001B[31mred\u001B[0m')
  assert.equal(printable('\u001B[31mred\u001B[0m', false), 'red')
})

test('durations and sizes are short', () => {
  assert.deepEqual([3.14159, 42.4, 12_345].map(formatDuration), ['3.1 ms', '42 ms', '12.3 s'])
  assert.deepEqual([512, 1536, 5 * 1024 ** 3].map(formatSize), ['512 B', '1.5 KB', '5.0 GB'])
})
