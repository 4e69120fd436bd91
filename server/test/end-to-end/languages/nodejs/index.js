'use strict'
/** Does what the event says; an HTTP request is answered with what it was. */
let initialized = 0

exports.initializer = async () => {
  initialized++
  console.log('initializing')
}

exports.handler = async (event, context) => {
  const text = event.toString()
  if (text.startsWith('{')) return answerHttp(JSON.parse(text))
  if (text.startsWith('echo:')) return text.slice('echo:'.length)
  switch (text) {
    case 'context':
      return {
        requestId: context.requestId,
        functionName: context.function.name,
        hasAccessKey: Boolean(context.credentials.accessKeyId),
      }
    case 'env':
      return process.env.GREETING
    case 'print':
      console.log(`printed ${context.requestId}`)
      return 'ok'
    case 'fail':
      throw new Error('no such order')
    case 'exit':
      return process.exit(3)
    case 'init':
      return String(initialized)
    case 'large':
      return Buffer.alloc(30 * 1024 * 1024, 'x')
    default:
      return event
  }
}

function answerHttp({ rawPath, headers, queryParameters, body, requestContext }) {
  const text = `${requestContext.http.method} ${rawPath} ${queryParameters.q} ${body}`
  return { statusCode: 201, headers: { 'x-answer': headers['X-Question'] }, body: text }
}
