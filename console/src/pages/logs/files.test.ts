import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogHit } from '../../../../server/src/logs/port.ts'
import { csvFile, linesFile } from './files.ts'

const hit = (text: string, requestId: string): LogHit => ({
  id: '1',
  source: 'log',
  highlights: [],
  fields: {},
  line: {
    functionKey: 'resize',
    versionId: 'LATEST',
    requestId,
    instanceId: 'i',
    timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    stream: 'stdout',
    text,
    hook: null,
  },
})

test('a file of lines says for each where it comes from', () => {
  assert.equal(
    linesFile([hit('a b', 'r1'), hit('c', '')]),
    '2026-01-02T03:04:05.006Z resize LATEST r1 stdout a b\n2026-01-02T03:04:05.006Z resize LATEST - stdout c\n',
  )
})

test('a table is CSV, in which nothing is a formula', () => {
  assert.equal(
    csvFile(
      ['level', 'count'],
      [
        ['say "x", y', 2],
        ['=HYPERLINK("http://evil")', -1.5],
        [null, 0],
      ],
    ),
    'level,count\r\n"say ""x"", y",2\r\n"\'=HYPERLINK(""http://evil"")",-1.5\r\n,0\r\n',
  )
})
