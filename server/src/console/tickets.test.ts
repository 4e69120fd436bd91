import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock, seededRandom } from '../simulated-clock.ts'
import { TICKET_MS, TICKETS_MAX } from './limits.ts'
import { Tickets } from './tickets.ts'

function open() {
  const clock = new SimulatedClock()
  return { clock, tickets: new Tickets({ clock, random: seededRandom(1) }) }
}

test('a ticket is good once, and nothing but it is', () => {
  const { clock, tickets } = open()
  const { ticket, expiresAtMs } = tickets.issue()
  assert.equal(Buffer.from(ticket, 'base64url').length, 32)
  assert.equal(expiresAtMs, clock.nowMs() + TICKET_MS)
  for (const wrong of ['', ticket.slice(1), `${ticket}=`]) assert.equal(tickets.redeem(wrong), false)
  assert.equal(tickets.redeem(ticket), true)
  assert.equal(tickets.redeem(ticket), false)
})

test('a ticket ends with its last minute, also when the wall clock is set forward or back', () => {
  const { clock, tickets } = open()
  const [first, second, third] = [tickets.issue(), tickets.issue(), tickets.issue()]
  clock.advance(TICKET_MS - 1)
  assert.equal(tickets.redeem(first.ticket), true)
  clock.jump(-TICKET_MS)
  clock.advance(1)
  assert.equal(tickets.redeem(second.ticket), false)
  assert.equal(tickets.redeem(third.ticket), false)
  const fourth = tickets.issue()
  clock.jump(TICKET_MS)
  assert.equal(tickets.redeem(fourth.ticket), false)
})

test('one ticket more than the bound ends the oldest', () => {
  const { tickets } = open()
  const issued = Array.from({ length: TICKETS_MAX + 1 }, () => tickets.issue().ticket)
  assert.deepEqual(
    [tickets.redeem(issued[0]!), tickets.redeem(issued[1]!), tickets.redeem(issued.at(-1)!)],
    [false, true, true],
  )
})
