'use strict'

exports.handler = (_request, response) => {
  response.setHeader('Content-Type', 'text/plain')
  response.send('Hello, world')
}
