import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextState, type InstanceEvent, type InstanceState } from './states.ts'

const events: InstanceEvent[] = [
  'connected',
  'loaded',
  'assigned',
  'freed',
  'emptied',
  'prepare',
  'prepared',
  'freeze',
  'thaw',
  'drain',
  'ended',
]

test('a life from start to end', () => {
  const life: InstanceEvent[] = ['connected', 'loaded', 'assigned', 'assigned', 'freed', 'emptied', 'drain', 'ended']
  let state: InstanceState = 'starting'
  const states = life.map((event) => (state = nextState(state, event)))
  assert.deepEqual(states, ['initializing', 'ready', 'busy', 'busy', 'busy', 'ready', 'draining', 'gone'])
})

test('what the table does not name throws', () => {
  assert.throws(() => nextState('starting', 'assigned'), /an instance that is starting cannot be assigned/)
  assert.throws(() => nextState('draining', 'assigned'))
  assert.throws(() => nextState('ready', 'emptied'))
})

test('an end is an end, and from everywhere else it can be reached', () => {
  for (const event of events) assert.throws(() => nextState('gone', event))
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (steps) => {
      let state: InstanceState = 'starting'
      for (const event of steps) {
        try {
          state = nextState(state, event)
        } catch {
          // Refused: the state is as it was.
        }
      }
      if (state !== 'gone') assert.equal(nextState(state, 'ended'), 'gone')
    }),
  )
})
