'use strict'
const fs = require('node:fs')
const { promisify } = require('node:util')

// timers/promises is younger than the oldest Node.js that functions run on.
const delay = promisify(setTimeout)

let initializations = 0
let releaseHeld

exports.echo = (event) => event
exports.nothing = () => undefined
exports.text = () => 'héllo'
exports.number = () => 42
exports.boolean = () => true
exports.object = () => ({ a: [1, 'é'] })
exports.unserialisable = () => {
  const loop = {}
  loop.self = loop
  return loop
}
exports.sized = (event) => 'x'.repeat(Number(event.toString()))
exports.group = { member: () => 'member' }
exports.asynchronous = async (event) => {
  await delay(1)
  return `async ${event}`
}

class OrderRefused extends Error {
  name = 'OrderRefused'
}
exports.failing = () => {
  throw new OrderRefused('no such order')
}
exports.asyncFailing = async () => {
  await delay(1)
  throw new OrderRefused('no such order')
}

exports.describeContext = (event, context) => JSON.stringify(context)
exports.environment = () => ({
  code: process.env.FC_FUNC_CODE_PATH,
  own: process.env.OWN,
  channel: process.env.SLUICE_CHANNEL,
  key: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  folder: process.cwd(),
})
exports.credentials = (event, context) => ({
  context: context.credentials.accessKeyId,
  variable: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
})

exports.initialize = async (context) => {
  await delay(1)
  initializations += 1
  console.log(`initializing ${context.requestId}`)
}
exports.failInitialize = () => {
  throw new OrderRefused('cannot connect')
}
exports.initializationCount = () => initializations
exports.beforeFreeze = (context) => console.log(`freezing ${context.requestId}`)
exports.failBeforeStop = () => {
  throw new OrderRefused('cannot flush')
}

exports.printAll = (event) => {
  console.log(`out ${event}`)
  console.error(`err ${event}`)
  process.stdout.write('no line end')
  return 'printed'
}
exports.interleave = async (event) => {
  for (let step = 0; step < 5; step++) {
    console.log(`${event} ${step}`)
    await delay(1)
  }
  return event
}
exports.log = (event, context) => {
  context.logger.info('count %d', 3)
  context.logger.error('broken')
  return 'logged'
}
exports.printThenSpin = () => {
  console.log('before the loop')
  for (;;);
}
exports.printToPipe = () => {
  fs.writeSync(1, 'straight to the pipe\n')
  return 'done'
}
exports.printLarge = () => {
  process.stdout.write('y'.repeat(3_000_000))
  return 'done'
}
exports.exit = () => {
  console.log('leaving')
  process.exit(7)
}

/** Holds the call whose event is `hold` until the next one comes. */
exports.hold = async (event) => {
  if (event.toString() === 'hold') {
    console.log('holding')
    await new Promise((resolve) => (releaseHeld = resolve))
    return 'held'
  }
  releaseHeld?.()
  return 'released'
}

exports.answer = (event) => JSON.parse(JSON.parse(event).body)
exports.rawAnswer = (event) => JSON.parse(event).body
