'use strict'
/** For INIT with `debug`: the inspector is opened and awaited, and the first invocation halts where the handler begins. */
const { writeSync } = require('fs')
const inspector = require('inspector')
const { RuntimeFailure } = require('./errors.cjs')

/** Returns when a client has come and lets the process run. Throws RuntimeFailure when the port cannot be had. */
function waitForDebugger(port, codePath) {
  inspector.open(port, '127.0.0.1')
  if (inspector.url() === undefined) {
    throw new RuntimeFailure('DebuggerMissing', `no debugger can listen on 127.0.0.1:${port}; is the port in use?`)
  }
  // Nothing else moves from here on, the channel neither.
  writeSync(2, `Waiting for a debugger on 127.0.0.1:${port}; the code is in ${codePath}\n`)
  inspector.waitForDebugger()
}

/**
 * Halts a client at the first line of the handler, once: not all clients can name a place in code that is not loaded yet.
 * The breakpoint is one of a session of our own, which needs no client's leave; whoever is attached is halted by it.
 */
function haltAtFirstCall(handler) {
  let session = new inspector.Session()
  session.connect()
  session.post('Debugger.enable')
  globalThis.__sluiceHandler = handler.target
  session.post('Runtime.evaluate', { expression: 'debug(__sluiceHandler)', includeCommandLineAPI: true })
  delete globalThis.__sluiceHandler
  const call = (...args) => {
    try {
      return handler.call(...args)
    } finally {
      if (session !== null) session.disconnect()
      session = null
    }
  }
  return { ...handler, call }
}

module.exports = { waitForDebugger, haltAtFirstCall }
