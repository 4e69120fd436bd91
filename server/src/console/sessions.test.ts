import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { SimulatedClock, seededRandom } from '../simulated-clock.ts'
import { SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX } from './limits.ts'
import { Sessions } from './sessions.ts'

function open() {
  const clock = new SimulatedClock()
  return { clock, sessions: new Sessions({ clock, random: seededRandom(1) }) }
}

class Stream extends EventEmitter {
  isDestroyed = false
  destroy(): void {
    this.isDestroyed = true
    this.emit('close')
  }
}

test('a session is found by its token and by nothing else', () => {
  const { sessions } = open()
  const { token } = sessions.begin()
  assert.ok(sessions.find([token]))
  assert.equal(sessions.find([]), undefined)
  assert.equal(sessions.find(['', token.slice(1), `${token}=`]), undefined)
  assert.ok(sessions.find(['planted by another site', token]), 'other cookies of the name do not hide it')
  assert.notEqual(sessions.begin().token, token)
  assert.ok(Buffer.from(token, 'base64url').length === 32)
})

test('a session that is used goes on until its last hour, an idle one ends before', () => {
  const { clock, sessions } = open()
  const used = sessions.begin()
  const idle = sessions.begin()
  clock.advance(SESSION_IDLE_MS - 1)
  assert.ok(sessions.find([used.token]))
  clock.advance(1)
  assert.equal(sessions.find([idle.token]), undefined)
  for (let leftMs = 0; (leftMs = SESSION_MS_MAX - clock.monotonicMs()) > 1;) {
    assert.ok(sessions.find([used.token]))
    clock.advance(Math.min(SESSION_IDLE_MS, leftMs) - 1)
  }
  assert.ok(sessions.find([used.token]))
  clock.advance(1)
  assert.equal(sessions.find([used.token]), undefined)
})

test('a wall clock that is set back makes no session last longer', () => {
  const { clock, sessions } = open()
  const idle = sessions.begin()
  const used = sessions.begin()
  clock.jump(-86_400_000)
  clock.advance(SESSION_IDLE_MS)
  assert.equal(sessions.find([idle.token]), undefined)
  assert.equal(sessions.find([used.token]), undefined)
  const busy = sessions.begin()
  clock.jump(-86_400_000)
  for (let passedMs = 0; passedMs < SESSION_MS_MAX; passedMs += SESSION_IDLE_MS / 2) {
    assert.ok(sessions.find([busy.token]))
    clock.advance(SESSION_IDLE_MS / 2)
  }
  assert.equal(sessions.find([busy.token]), undefined)
})

test('a wall clock that is set forward ends sessions before their timers do', () => {
  const { clock, sessions } = open()
  const { token } = sessions.begin()
  clock.jump(SESSION_IDLE_MS)
  assert.equal(sessions.find([token]), undefined)
})

test('streams that a session holds end with it, however it ends', () => {
  const { clock, sessions } = open()
  const [left, expired, signedOut, stopped] = [new Stream(), new Stream(), new Stream(), new Stream()]
  const first = sessions.begin()
  first.session.hold(left)
  first.session.hold(expired)
  left.emit('close')
  clock.advance(SESSION_IDLE_MS)
  assert.deepEqual([left.isDestroyed, expired.isDestroyed], [false, true])
  const second = sessions.begin()
  second.session.hold(signedOut)
  sessions.end(['unknown', second.token])
  assert.ok(signedOut.isDestroyed)
  sessions.begin().session.hold(stopped)
  sessions.endAll()
  assert.ok(stopped.isDestroyed)
})

test('one session more than the bound ends the one that was used least lately', () => {
  const { sessions } = open()
  const tokens = Array.from({ length: SESSIONS_MAX }, () => sessions.begin().token)
  assert.ok(sessions.find([tokens[0]!]))
  const { token } = sessions.begin()
  assert.equal(sessions.find([tokens[1]!]), undefined)
  assert.ok(sessions.find([tokens[0]!]))
  assert.ok(sessions.find([token]))
})
