import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toCsv } from './csv.ts'

test('cells are quoted where they must be', () => {
  assert.equal(
    toCsv(
      ['a', 'b'],
      [
        ['x,y', 'say "no"'],
        ['two\nlines', 1.5],
      ],
    ),
    'a,b\r\n"x,y","say ""no"""\r\n"two\nlines",1.5\r\n',
  )
})

test('a name that a spreadsheet would take for a formula is text, and a number stays a number', () => {
  const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '=HYPERLINK("http://x","y")', 'plain', '']
  assert.equal(
    toCsv(['name'], [...names.map((name) => [name]), [-1]]),
    [
      `name`,
      `'=1+1`,
      `'+1`,
      `'-1`,
      `'@SUM(A1)`,
      `'\tx`,
      `"'\rx"`,
      `"'=HYPERLINK(""http://x"",""y"")"`,
      'plain',
      '',
      '-1',
      '',
    ].join('\r\n'),
  )
})
