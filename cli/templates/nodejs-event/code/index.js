'use strict'

// Called with the bytes of the event; what it returns is the answer.
exports.handler = async (event, context) => {
  console.log(`got ${event.length} bytes`)
  return { hello: event.toString() || 'world', requestId: context.requestId }
}
