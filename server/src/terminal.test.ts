import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from './config.ts'
import { banner } from './terminal.ts'

const { config } = loadConfig(['--port', '7900'], {}, '/nowhere')
const PLATFORM = { port: 7900, accountId: '1234567890123456', sandboxNotice: null, runtimes: [] }

test('the banner tells where the console is, and a person at a terminal gets a link that signs in', () => {
  const link = 'http://localhost:7900/console#ticket=once'
  const shown = banner(config, PLATFORM, link)
  assert.match(shown, /^ {2}console +http:\/\/localhost:7900\/console\/$/m)
  assert.ok(shown.split('\n').includes(link), 'the link has a line of its own')
  const kept = banner(config, PLATFORM, null)
  assert.doesNotMatch(kept, /ticket/)
  assert.match(kept, /^ {2}sign in: npx sluice console /m)
})
