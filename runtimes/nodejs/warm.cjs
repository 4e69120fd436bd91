'use strict'
/**
 * While an instance waits for its function: loads and runs once what every function needs between INIT and its first
 * answer, so that none of it is left to be read or compiled then. What only some need (http, https: 20 ms, 10 MB) is not.
 */
const { createContexts } = require('./context.cjs')
const { loadHandler } = require('./loader.cjs')

/** After HELLO: an INIT that follows at once is not held up. */
const PAUSE_MS = 5

const INIT = { function: {}, credentials: {}, service: {} }
const HTTP_HEAD = { method: 'GET', path: '/', rawPath: '/', query: '', headers: ['Host', ''], domainName: '' }

const steps = [
  () => loadHandler(__dirname, 'warm.handler', 2),
  () => require('module').Module._initPaths(),
  () => createContexts(INIT).create({ requestId: '' }).logger,
  () => {
    const { buildEvent, translateAnswer } = require('./http-event.cjs')
    buildEvent(HTTP_HEAD, Buffer.alloc(0), '')
    translateAnswer({ statusCode: 200, headers: {}, body: '' }, String)
  },
  () => require('./http.cjs'),
]

/** One step per turn of the event loop, until `isWanted()` says that the function has come. */
function warmUp(isWanted) {
  const next = (index) => {
    if (index === steps.length || isWanted()) return
    steps[index]()
    setImmediate(next, index + 1)
  }
  setTimeout(next, PAUSE_MS, 0)
}

module.exports = { warmUp, handler: () => '' }
