'use strict'

exports.hello = (_request, response) => {
  response.type('text/plain').send('Hello, world')
}
