'use strict'
/** The `context` argument of handlers, and its logger. What all invocations share is built once per instance. */
const { format } = require('util')

/** `init` is the payload of INIT. */
function createContexts(init) {
  const { name, handler, memory, timeout, initializer, initializationTimeout } = init.function
  const functionMeta = { name, handler, memory, timeout, initializer, initializationTimeout }
  /** Refreshed in place, so that clients which keep the object see new credentials too. */
  const credentials = { ...init.credentials }
  let service = { ...init.service }

  class Context {
    #logger

    /** `head` is the head of INVOKE; of a hook, only the request id is known. */
    constructor(head) {
      const qualifier = head.qualifier === undefined ? init.service.qualifier : head.qualifier
      if (qualifier !== service.qualifier) service = { ...service, qualifier }
      this.requestId = head.requestId
      this.credentials = credentials
      this.function = functionMeta
      this.service = service
      this.region = init.region
      this.accountId = init.accountId
      this.retryCount = head.retryCount || 0
      this.tracing = tracingOf(head.tracing)
      this.waitsForEmptyEventLoopBeforeCallback = false
    }

    get logger() {
      if (this.#logger === undefined) this.#logger = new Logger(this.requestId)
      return this.#logger
    }
  }

  return {
    create: (head) => new Context(head),
    refreshCredentials(fresh) {
      Object.assign(credentials, fresh)
    },
  }
}

/** In the context when the caller sent them. */
const W3C = ['traceparent', 'tracestate', 'baggage']

function tracingOf(tracing) {
  if (tracing === undefined) return { openTracingSpanContext: '', openTracingSpanBaggages: {}, jaegerEndpoint: '' }
  const context = {
    openTracingSpanContext: tracing.openTracingSpanContext || '',
    openTracingSpanBaggages: tracing.openTracingSpanBaggages || {},
    jaegerEndpoint: tracing.jaegerEndpoint || '',
  }
  for (const name of W3C) if (tracing[name]) context[name] = tracing[name]
  return context
}

/** Lines as Function Compute writes them: time, request id, level, text. */
class Logger {
  #requestId

  constructor(requestId) {
    this.#requestId = requestId
  }

  #line(level, values) {
    return `${new Date().toISOString()} ${this.#requestId} [${level}] ${format(...values)}\n`
  }

  debug(...values) {
    process.stdout.write(this.#line('DEBUG', values))
  }

  info(...values) {
    process.stdout.write(this.#line('INFO', values))
  }

  warn(...values) {
    process.stderr.write(this.#line('WARN', values))
  }

  error(...values) {
    process.stderr.write(this.#line('ERROR', values))
  }
}

module.exports = { createContexts }
