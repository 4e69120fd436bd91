'use strict'

const { readFileSync } = require('node:fs')
const { createServer } = require('node:http')
const { join } = require('node:path')
const { WebSocketServer } = require('ws')

const page = readFileSync(join(__dirname, 'index.html'))

const server = createServer((request, response) => {
  if (request.method !== 'GET' || new URL(request.url, 'http://chat').pathname !== '/') {
    response.writeHead(404).end('there is only /\n')
    return
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
})
// Function Compute keeps its connections: a server that closes them earlier would fail requests.
server.keepAliveTimeout = 15 * 60 * 1000

// Everybody who is connected to this instance hears what one of them says.
const chat = new WebSocketServer({ server, maxPayload: 4096 })
chat.on('connection', (socket) => {
  console.log(`${chat.clients.size} connected`)
  socket.on('error', () => {})
  socket.on('message', (data) => {
    for (const client of chat.clients) if (client.readyState === client.OPEN) client.send(data, { binary: false })
  })
})

server.listen(Number(process.env.FC_SERVER_PORT ?? 9000), '0.0.0.0')
