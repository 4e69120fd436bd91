'use strict'
/** Does what the event at /invoke says; any other request is answered with what it was. */
const http = require('http')

let initialized = 0

function invoke(event, headers, response) {
  const text = event.toString()
  if (text.startsWith('echo:')) return response.end(text.slice('echo:'.length))
  const requestId = headers['x-fc-request-id']
  switch (text) {
    case 'context': {
      const functionName = headers['x-fc-function-name']
      const hasAccessKey = Boolean(headers['x-fc-access-key-id'])
      return response.end(JSON.stringify({ requestId, functionName, hasAccessKey }))
    }
    case 'env':
      return response.end(process.env.GREETING)
    case 'print':
      console.log(`printed ${requestId}`)
      return response.end('ok')
    case 'fail':
      response.setHeader('x-fc-status', '404')
      return response.end('{"errorMessage":"no such order","errorType":"Error"}')
    case 'exit':
      return process.exit(3)
    case 'init':
      return response.end(String(initialized))
    case 'large':
      return response.end(Buffer.alloc(30 * 1024 * 1024, 'x'))
    default:
      return response.end(event)
  }
}

function answerHttp({ method, url, headers }, body, response) {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  response.writeHead(201, { 'x-answer': headers['x-question'] })
  response.end(`${method} ${pathname} ${searchParams.get('q')} ${body.toString()}`)
}

const server = http.createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    switch (request.headers['x-fc-control-path']) {
      case '/invoke':
        invoke(body, request.headers, response)
        break
      case '/initialize':
        initialized++
        console.log('initializing')
        response.end()
        break
      default:
        answerHttp(request, body, response)
    }
  })
})
server.listen(process.env.FC_SERVER_PORT, '0.0.0.0')
