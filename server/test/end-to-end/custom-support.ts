/** Programs of custom runtimes for tests from outside. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A plain server: what it does is in the path of a request, or in the event. */
export const SERVER = `#!/usr/bin/env node
const http = require('http')
const actions = {
  '/who': (request, response) => {
    const headers = request.headers
    const { remoteAddress } = request.socket
    response.end(JSON.stringify({ method: request.method, url: request.url, headers, remoteAddress, pid: process.pid }))
  },
  '/status': (request, response) => {
    response.writeHead(418, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Fc-Forged', '1', 'Server', 'own'])
    response.end('teapot')
  },
  '/events': (request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: one\\n\\n')
    held.push(() => response.end('data: two\\n\\n'))
  },
  '/go-on': (request, response) => { for (const go of held.splice(0)) go(); response.end() },
  '/pre-freeze': (request, response) => { console.log(request.method, 'pre-freeze'); response.end() },
  '/pre-stop': (request, response) => { console.log(request.method, 'pre-stop'); response.end() },
  '/echo': (request, response) => void request.pipe(response),
  '/exit': () => process.exit(0),
  '/garbage': (request) => request.socket.end('this is no HTTP at all\\r\\n\\r\\n'),
  '/split': (request, response) => request.socket.end('HTTP/1.1 200 OK\\r\\nX-A: 1\\rX-B: 2\\r\\nContent-Length: 0\\r\\n\\r\\n'),
  '/refuse': (request, response) => { response.setHeader('x-fc-status', '404'); response.end('{"errorMessage":"no","errorType":"No"}') },
}
const held = []
const server = http.createServer((request, response) => {
  const path = request.url.split('?')[0]
  if (path !== '/invoke') return (actions[path] ?? actions['/who'])(request, response)
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const event = Buffer.concat(chunks)
    const action = event.length < 100 ? actions[event.toString()] : undefined
    if (action) action(request, response)
    else response.writeHead(200, { 'X-Own': 'a' }).end(event)
  })
})
server.listen(process.env.FC_SERVER_PORT ?? 9000, '0.0.0.0')
`

/** Files of the package `ws`, as a function that uses it brings them. */
export function wsPackage(): Record<string, string> {
  const folder = dirname(createRequire(import.meta.url).resolve('ws/package.json'))
  const names = ['package.json', 'index.js', ...readdirSync(join(folder, 'lib')).map((name) => `lib/${name}`)]
  return Object.fromEntries(names.map((name) => [`node_modules/ws/${name}`, readFileSync(join(folder, name), 'utf8')]))
}

/** Echoes messages, each with its number; `bye` makes it close. */
export const WEBSOCKET_SERVER = `#!/usr/bin/env node
const http = require('http')
const { WebSocketServer } = require('ws')
const server = http.createServer((request, response) => response.writeHead(426).end('speak WebSocket'))
const sockets = new WebSocketServer({ noServer: true, maxPayload: 16 * 1024 * 1024 })
server.on('upgrade', (request, socket, head) => {
  if (request.url.startsWith('/refused')) return socket.end('HTTP/1.1 403 Forbidden\\r\\nContent-Length: 2\\r\\n\\r\\nno')
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('message', (data, isBinary) => {
      if (!isBinary && data.toString() === 'bye') client.close(4001, 'as asked')
      else if (!isBinary && data.toString() === 'die') process.exit(3)
      else client.send(data, { binary: isBinary })
    })
    client.send(request.headers['x-fc-request-id'])
  })
})
server.listen(process.env.FC_SERVER_PORT, '0.0.0.0')
`
