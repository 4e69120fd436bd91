// The program of a custom runtime, which gets requests of any kind as they are.
import { createServer } from 'node:http'

const answer = { 'Content-Type': 'text/plain' }
createServer((request, response) => {
  request.resume()
  response.writeHead(200, answer).end('Hello, world')
}).listen(process.env.FC_SERVER_PORT, '0.0.0.0')
