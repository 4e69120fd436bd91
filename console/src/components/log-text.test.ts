import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PLAIN } from './ansi.ts'
import { excerptOf, PIECES_MAX, piecesOf, type Range, SHOWN_STEPS } from './log-text.ts'

const whole = (text: string, highlights: Range[] = []) => piecesOf(text, highlights, { start: 0, end: text.length })
const plain = (text: string) => ({ text, style: PLAIN, isSymbol: false, isHighlighted: false })
const symbol = (text: string) => ({ ...plain(text), isSymbol: true })

test('markup stays text', () => {
  assert.deepEqual(whole('<img src=x onerror=alert(1)>'), [plain('<img src=x onerror=alert(1)>')])
})

test('colours and weight become styles, and end where they are reset', () => {
  const pieces = whole('a\x1b[1;31mred\x1b[0mb')
  assert.deepEqual(pieces, [
    plain('a'),
    { ...plain('red'), style: { foreground: 1, background: null, isBold: true } },
    plain('b'),
  ])
})

test('bright, 256 and true colours become one of sixteen', () => {
  const foreground = (sequence: string) => whole(`\x1b[${sequence}mx`)[0]!.style.foreground
  assert.equal(foreground('92'), 10)
  assert.equal(foreground('38;5;3'), 3)
  assert.equal(foreground('38;5;196'), 9)
  assert.equal(foreground('38;5;255'), 7)
  assert.equal(foreground('38;2;0;0;240'), 4)
  assert.equal(foreground('38:2:0:0:240'), 4)
})

test('codes after an extended colour still count, and nonsense changes nothing', () => {
  assert.deepEqual(whole('\x1b[38;5;2;1mx')[0]!.style, { foreground: 2, background: null, isBold: true })
  assert.deepEqual(whole('\x1b[38;5;999mx')[0]!.style, PLAIN)
  assert.deepEqual(whole('\x1b[38;2;1mx')[0]!.style, PLAIN)
  assert.deepEqual(whole('\x1b[999mx')[0]!.style, PLAIN)
})

test('what hides text is ignored: conceal, inverse', () => {
  assert.deepEqual(whole('\x1b[8;7mhidden'), [plain('hidden')])
})

test('other escapes are seen and do nothing', () => {
  assert.deepEqual(whole('a\x1b[2Jb\x07'), [plain('a'), symbol('⟨ESC⟩'), plain('[2Jb'), symbol('⟨BEL⟩')])
  assert.deepEqual(whole('\x1b]8;;http://evil/\x1b\\link'), [
    symbol('⟨ESC⟩'),
    plain(']8;;http://evil/'),
    symbol('⟨ESC⟩'),
    plain('\\link'),
  ])
  assert.deepEqual(whole('\x9b2J\x7f\r\0'), [symbol('⟨U+009B⟩'), plain('2J'), symbol('⟨DEL⟩⟨CR⟩⟨NUL⟩')])
})

test('an SGR sequence without an end, or a very long one, is seen', () => {
  assert.deepEqual(whole('\x1b[31'), [symbol('⟨ESC⟩'), plain('[31')])
  assert.equal(whole(`\x1b[${'1;'.repeat(500)}m`)[0]!.text, '⟨ESC⟩')
})

test('characters that turn the direction of reading are named instead of obeyed', () => {
  assert.deepEqual(whole('user\u202etxt.exe\u2066'), [
    plain('user'),
    symbol('⟨RLO⟩'),
    plain('txt.exe'),
    symbol('⟨LRI⟩'),
  ])
})

test('characters without width are named, those that scripts and emoji need are kept', () => {
  assert.deepEqual(whole('pay\u200bpal\ufeff'), [plain('pay'), symbol('⟨ZWSP⟩'), plain('pal'), symbol('⟨BOM⟩')])
  assert.deepEqual(whole('👩‍💻\tمرحبا'), [plain('👩‍💻\tمرحبا')])
  assert.deepEqual(whole('\u{e0041}'), [symbol('⟨U+E0041⟩')])
})

test('half of a surrogate pair is named', () => {
  assert.deepEqual(whole('a\ud83db'), [plain('a'), symbol('⟨U+D83D⟩'), plain('b')])
})

test('whatever is printed, no control and no bidi character is left, and the rest is in order', () => {
  const unit = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('\x1b', '\x1b[', '31m', '\x1b[31m', '\u202e', '\u2067', 'abc', '\0'),
  )
  fc.assert(
    fc.property(fc.array(unit), (parts) => {
      const shown = whole(parts.join(''))
        .map(({ text }) => text)
        .join('')
      // oxlint-disable-next-line no-control-regex -- their absence is what is asserted
      assert.doesNotMatch(shown, /[\0-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})

test('highlights are counted in the text as it was printed, through colours', () => {
  const text = 'a \x1b[32merr\x1b[0mor b'
  const pieces = whole(text, [[text.indexOf('err'), text.indexOf(' b')]])
  assert.deepEqual(
    pieces.map(({ text, isHighlighted }) => [text, isHighlighted]),
    [
      ['a ', false],
      ['err', true],
      ['or', true],
      [' b', false],
    ],
  )
})

test('a line of a megabyte is cut, and shown in steps', () => {
  const text = 'x'.repeat(1_000_000)
  const ends = SHOWN_STEPS.map((lengthMax) => excerptOf(text, [], lengthMax).end)
  assert.deepEqual(ends, [1000, 10_000, 100_000, 1_000_000])
  assert.equal(piecesOf(text, [], excerptOf(text, [], 2000))[0]!.text.length, 2000)
})

test('the cut does not hide what was searched for', () => {
  const text = `${'x'.repeat(900_000)}needle${'y'.repeat(100)}`
  const highlights: Range[] = [[900_000, 900_006]]
  const excerpt = excerptOf(text, highlights, 2000)
  const shown = piecesOf(text, highlights, excerpt).find(({ isHighlighted }) => isHighlighted)
  assert.equal(shown?.text, 'needle')
  assert.ok(excerpt.end - excerpt.start <= 2000)
})

test('the cut does not tear a character in two', () => {
  const text = `${'x'.repeat(1999)}😀${'x'.repeat(10)}`
  assert.equal(excerptOf(text, [], 2000).end, 1999)
})

test('a line of colours and controls alone has few pieces, and none of its text is lost', () => {
  const pieces = whole('\x1b[31mx\x1b[0m\u202e'.repeat(20_000))
  assert.equal(pieces.length, PIECES_MAX + 1)
  assert.equal(pieces.map(({ text }) => text).join(''), 'x⟨RLO⟩'.repeat(20_000))
})
