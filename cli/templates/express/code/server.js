'use strict'

const express = require('express')

const app = express()

app.get('/', (request, response) => {
  console.log(`request ${request.get('x-fc-request-id')}`)
  response.type('text/plain').send(`Hello, ${request.query.name ?? 'world'}!\n`)
})

const server = app.listen(Number(process.env.FC_SERVER_PORT ?? 9000), '0.0.0.0')
// Function Compute keeps its connections: a server that closes them earlier would fail requests.
server.keepAliveTimeout = 15 * 60 * 1000
server.requestTimeout = 0
