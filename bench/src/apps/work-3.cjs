'use strict'

const { setTimeout: delay } = require('node:timers/promises')

/** Work that waits for something else, as for a database: it needs time and no processor. */
const WORK_MS = 50

exports.handler = async () => {
  await delay(WORK_MS)
  return { statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: 'Hello, world' }
}
