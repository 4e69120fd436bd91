'use strict'

/**
 * Answers an HTTP request (`curl http://…/?name=Ada`) and a plain event (`sluice invoke hello-nodejs -e '{"name":"Ada"}'`).
 * Over HTTP the event is the request as JSON, and the returned object is the response.
 */
exports.handler = async (event, context) => {
  const input = event.length > 0 ? JSON.parse(event.toString()) : {}
  const overHttp = input.requestContext?.http !== undefined
  const name = (overHttp ? input.queryParameters?.name : input.name) || 'world'
  const greeting = { message: `Hello, ${name}!`, runtime: `Node.js ${process.version}`, requestId: context.requestId }
  console.log('greeting', name)
  if (!overHttp) return greeting
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(greeting),
  }
}
