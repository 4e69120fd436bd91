'use strict'

// Called with the HTTP request as JSON; what it returns is the HTTP response.
exports.handler = async (event) => {
  const request = JSON.parse(event.toString())
  const { method, path } = request.requestContext.http
  console.log(`${method} ${path}`)
  const name = request.queryParameters?.name ?? 'world'
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: `Hello, ${name}!\n`,
  }
}
