/** The floor: what Node.js itself answers with nothing in between. Usage: node-http.mjs <port> */
import { createServer } from 'node:http'

createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': 12 })
  response.end('Hello, world')
}).listen(Number(process.argv[2]), '127.0.0.1')
