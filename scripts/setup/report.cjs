/** What the setup tells its user: one line per step, with the elapsed time while it runs on a terminal. */
'use strict'

const TICK_MS = 1000

/** A failure whose message is all that the user needs; it is printed without a stack. */
class SetupError extends Error {}

/** Goes to stderr, so that the output of the command itself stays clean. */
function say(text) {
  process.stderr.write(`sluice: ${text}\n`)
}

/** Runs `action` and says what is done, and how long it took. */
async function step(text, action) {
  const startedMs = Date.now()
  const elapsed = () => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`
  const onTerminal = process.stderr.isTTY
  let ticker
  if (onTerminal) {
    const draw = () => process.stderr.write(`\r\x1b[Ksluice: ${text} … ${elapsed()}`)
    draw()
    ticker = setInterval(draw, TICK_MS)
  } else {
    say(`${text} …`)
  }
  try {
    const result = await action()
    process.stderr.write(`${onTerminal ? '\r\x1b[K' : ''}sluice: ${text}: done in ${elapsed()}\n`)
    return result
  } catch (error) {
    process.stderr.write(`${onTerminal ? '\r\x1b[K' : ''}sluice: ${text}: failed after ${elapsed()}\n`)
    throw error
  } finally {
    clearInterval(ticker)
  }
}

module.exports = { SetupError, say, step }
