'use strict'
const { Readable } = require('node:stream')
const { promisify } = require('node:util')

// timers/promises is younger than the oldest Node.js that functions run on.
const delay = promisify(setTimeout)

exports.hello = (request, response, context) => {
  response.setStatusCode(201)
  response.setHeader('X-Name', 'a')
  response.setHeader('Set-Cookie', ['a=1', 'b=2'])
  response.send(`hello ${request.method} ${request.path} ${context.requestId}`)
}
exports.describe = (request, response) => {
  const { method, path, url, clientIP, headers } = request
  response.send(JSON.stringify({ method, path, url, clientIP, accept: headers['x-many'], query: request.queries.q }))
}
exports.echo = (request, response) => response.send(request)
exports.whole = async (request, response) => {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  response.send(String(Buffer.concat(pieces).length))
}
exports.early = (request, response) => response.send('early')
exports.stream = (request, response) => {
  response.send(
    Readable.from(
      (async function* () {
        for (let i = 0; i < 32; i++) yield Buffer.alloc(65_536, i)
      })(),
    ),
  )
}
exports.endless = (request, response) => {
  response.send(
    Readable.from(
      (async function* () {
        try {
          for (;;) {
            yield Buffer.alloc(65_536)
            await delay(1)
          }
        } finally {
          console.log('the source was closed')
        }
      })(),
    ),
  )
}
exports.breaking = (request, response) => {
  response.send(
    Readable.from(
      (async function* () {
        yield Buffer.from('begun')
        throw new RangeError('source broke')
      })(),
    ),
  )
}
exports.failing = () => {
  throw new RangeError('before the response')
}
exports.injecting = (request, response) => {
  response.setHeader('x-a', 'b\r\nset-cookie: c')
  response.send('')
}
