'use strict'
const { Readable } = require('node:stream')

exports.byCallback = (event, context, callback) => setTimeout(() => callback(null, `called ${event}`), 1)
exports.byArguments = function () {
  arguments[2](null, 'by arguments')
}
exports.byRest = (...args) => void args[2](null, 'by rest')
exports.spreads = () => {
  const values = [...[1, 2]]
  void values
}
exports.failByCallback = (event, context, callback) => callback(new TypeError('told by callback'))
exports.failWithText = (event, context, callback) => callback('just text')
exports.failWithObject = (event, context, callback) => callback({ code: 7 })
exports.throwsText = () => {
  throw 'thrown text'
}
exports.twice = (event, context, callback) => {
  callback(null, `first ${event}`)
  callback(null, 'second')
  callback(new Error('third'))
}
exports.callsThenRejects = async (event, context, callback) => {
  callback(null, 'answered')
  throw new Error('too late')
}
exports.throwsOddly = () => {
  throw {
    get message() {
      throw new Error('no message')
    },
    toJSON() {
      throw new Error('no JSON')
    },
  }
}
exports.uncaught = (event, context, callback) => {
  void callback
  setTimeout(() => {
    throw new TypeError('nobody catches this')
  }, 1)
}
exports.unhandled = (event, context, callback) => {
  void callback
  void Promise.reject(new TypeError('nobody handles this'))
}
exports.bytes = () => new Uint8Array([1, 2, 3])
exports.functionResult = () => () => 1
exports.initializeByCallback = (context, callback) => setTimeout(() => callback(null), 1)
exports.failInitializeByCallback = (context, callback) => callback(new Error('not today'))
exports.lateLog = (event) => {
  if (event.toString() === 'first') setTimeout(() => console.log('late'), 1).unref()
  return 'ok'
}
exports.stdoutForms = async () => {
  await new Promise((resolve) => process.stdout.write('a', resolve))
  await new Promise((resolve) => process.stdout.write('c3a9', 'hex', resolve))
  await new Promise((resolve) => Readable.from(['b', 'c']).on('end', resolve).pipe(process.stdout))
  process.stdout.write(new Uint8Array([100]))
  let refused
  try {
    process.stdout.write({})
  } catch (error) {
    refused = error.name
  }
  return refused
}
exports.keepsContext = (() => {
  let first
  return (event, context) => {
    first ??= context
    return `${first.requestId} ${context.requestId}`
  }
})()
exports.webTwice = (request, response) => {
  response.send('one')
  response.send('two')
}
exports.webApi = (request, response) => {
  response.setHeader('X-One', 1)
  const seen = [response.hasHeader('x-one'), response.getHeader('x-ONE')]
  response.deleteHeader('X-ONE')
  seen.push(response.hasHeader('x-one'))
  for (const wrong of [
    () => response.setStatusCode(99),
    () => response.setHeader('a b', 'c'),
    () => response.send({}),
  ]) {
    try {
      wrong()
    } catch (error) {
      seen.push(error.name)
    }
  }
  response.send(Buffer.from(JSON.stringify(seen)))
}
