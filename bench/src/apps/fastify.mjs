/** Usage: fastify.mjs <port> */
import fastify from 'fastify'

const app = fastify()
app.get('/', (_request, reply) => reply.type('text/plain').send('Hello, world'))
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
