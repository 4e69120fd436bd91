'use strict'

const { readFileSync } = require('node:fs')
const { createServer } = require('node:http')
const { join } = require('node:path')

const page = readFileSync(join(__dirname, 'index.html'))
const TICK_MS = 1000
const TICKS_MAX = 60

/** Server-sent events: one a second; `?count=3` ends after three. */
function countDown(request, response) {
  const asked = Number(new URL(request.url, 'http://sse').searchParams.get('count') ?? TICKS_MAX)
  const count = Math.min(Math.max(1, Math.trunc(asked) || 1), TICKS_MAX)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let sent = 0
  const tick = () => {
    sent++
    response.write(`id: ${sent}\nevent: tick\ndata: ${JSON.stringify({ tick: sent, of: count })}\n\n`)
    if (sent === count) response.end()
    else timer = setTimeout(tick, TICK_MS)
  }
  let timer = setTimeout(tick, 0)
  response.on('close', () => clearTimeout(timer))
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://sse')
  console.log(`${request.method} ${pathname}`)
  if (pathname === '/events') countDown(request, response)
  else if (pathname === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
  else response.writeHead(404).end('there are / and /events\n')
})
// Function Compute keeps its connections: a server that closes them earlier would fail requests.
server.keepAliveTimeout = 15 * 60 * 1000
server.listen(Number(process.env.FC_SERVER_PORT ?? 9000), '0.0.0.0')
