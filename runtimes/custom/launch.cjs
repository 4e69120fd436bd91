'use strict'
/**
 * What a sandbox of a custom runtime runs until its function is known: waits on the channel for INIT, and is then
 * replaced by the function's own program. The argument names the folders where programs of the platform lie.
 */
const { Channel, FrameType } = require('../nodejs/channel.cjs')
const { NotRunnable, findProgram, pathWith } = require('./program.cjs')

const PROTOCOL = 1
/** Node ignores them, and what is ignored stays so in the program that replaces it. */
const IGNORED_SIGNALS = ['SIGPIPE', 'SIGXFSZ']

const platformPath = process.argv[2]
const channel = new Channel(process.env.SLUICE_CHANNEL, onFrame, () => process.exit(0))
channel.send(
  FrameType.hello,
  0,
  JSON.stringify({ protocol: PROTOCOL, runtime: 'custom', version: process.versions.node, pid: process.pid }),
)

function onFrame(type, flags, stream, bytes, start, end) {
  if (type === FrameType.ping) channel.send(FrameType.pong, 0, Buffer.from(bytes.subarray(start, end)))
  else if (type === FrameType.init) run(JSON.parse(bytes.toString('utf8', start, end)))
}

function run({ command, environment, codePath }) {
  const { SLUICE_CHANNEL: _, ...own } = process.env
  const variables = { ...own, ...environment, PATH: pathWith(platformPath, environment.PATH, own.PATH) }
  try {
    process.chdir(codePath)
    const program = findProgram(command[0], codePath, variables.PATH)
    for (const signal of IGNORED_SIGNALS) restore(signal)
    process.execve(program, command, variables)
  } catch (error) {
    const { errorType = 'CAExited' } = error
    const errorMessage = error instanceof NotRunnable ? error.message : refusal(command[0], error)
    const failure = { errorType, errorMessage, handled: false }
    channel.send(FrameType.ready, 0, JSON.stringify({ error: failure }))
  }
}

function refusal(name, { code, message }) {
  if (code === 'ENOENT') return `the program '${name}' cannot be run: the loader that it was linked for is not here`
  return `the program '${name}' cannot be run: ${code ?? message}`
}

/** The last listener that goes leaves the signal as the system has it. */
function restore(signal) {
  const listener = () => {}
  process.on(signal, listener)
  process.off(signal, listener)
}
