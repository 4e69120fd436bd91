'use strict'
/** What a sandbox of a Node.js function runs: connects to the node by SLUICE_CHANNEL and serves one instance. */
const { writeSync } = require('fs')
const { Channel, FrameType } = require('./channel.cjs')
const { Instance } = require('./instance.cjs')
const { captureOutput } = require('./output.cjs')
const { warmUp } = require('./warm.cjs')

const PROTOCOL = 1
const EXIT_CHANNEL_BROKEN = 70

const instance = new Instance()
const channel = new Channel(
  process.env.SLUICE_CHANNEL,
  (type, flags, stream, bytes, start, end) => instance.onFrame(type, flags, stream, bytes, start, end),
  (error) => {
    // The channel is gone or not to be trusted, so this goes to the real stderr.
    if (error) writeSync(2, `sluice: the channel broke: ${error.message}\n`)
    process.exit(error ? EXIT_CHANNEL_BROKEN : 0)
  },
)
delete process.env.SLUICE_CHANNEL
instance.attach(channel)
captureOutput(channel, () => instance.currentStream())

process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') > 1) return
  const { inspect } = require('util')
  process.stderr.write(`FunctionUnhandledError: ${error instanceof Error ? error.stack : inspect(error)}\n`)
  process.exit(1)
})
process.on('exit', () => channel.flush())

channel.send(
  FrameType.hello,
  0,
  JSON.stringify({ protocol: PROTOCOL, runtime: 'nodejs', version: process.versions.node, pid: process.pid }),
)
warmUp(() => instance.isInitialized)
