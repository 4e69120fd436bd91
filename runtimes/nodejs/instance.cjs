'use strict'
/** One instance: INIT, then invocations and hooks, as the frames of the node ask for them. */
const { AsyncLocalStorage } = require('async_hooks')
const { performance } = require('perf_hooks')
const { ChannelError, FrameType, FLAG_END } = require('./channel.cjs')
const { createContexts } = require('./context.cjs')
const { RuntimeFailure, describeError } = require('./errors.cjs')
const { Invocation, collectBody, NO_BYTES } = require('./invocation.cjs')
const { loadHandler, isAnswer } = require('./loader.cjs')

/** A request body that a handler gets whole (Function Compute: 32 MB). */
const EVENT_BYTES_MAX = 32 * 1024 * 1024
const EVENT_HEAD = '{}'

/** Loaded with the first HTTP request: an instance that serves events starts without them. */
let http
let httpEvent
const generation2 = () => (http = http || require('./http.cjs'))
const generation3 = () => (httpEvent = httpEvent || require('./http-event.cjs'))

class Instance {
  #channel
  #init = null
  #contexts
  #handler = null
  #lastStream = 0
  #running = new Map()
  /** Holds the invocation in whose course code runs. */
  #current = new AsyncLocalStorage()
  #onEnd = (invocation) => this.#running.delete(invocation.stream)

  attach(channel) {
    this.#channel = channel
  }

  get isInitialized() {
    return this.#init !== null
  }

  /** The stream that output belongs to: of the invocation that writes, or of the only one there is; else 0. */
  currentStream() {
    const invocation = this.#current.getStore()
    if (invocation !== undefined) return invocation.ended ? 0 : invocation.stream
    if (this.#running.size !== 1) return 0
    return this.#running.keys().next().value
  }

  /** Throws ChannelError, or SyntaxError for what should be JSON and is not. */
  onFrame(type, flags, stream, bytes, start, end) {
    switch (type) {
      case FrameType.invoke:
        return this.#invoke(stream, flags, bytes, start, end)
      case FrameType.data:
        return this.#data(stream, flags, bytes, start, end)
      case FrameType.credit:
        if (end - start !== 4) throw new ChannelError('CREDIT needs 4 bytes')
        return this.#find(stream)?.addCredit(bytes.readUInt32BE(start))
      case FrameType.cancel:
        return this.#find(stream)?.cancel(bytes.toString('latin1', start, end))
      case FrameType.ping:
        return this.#channel.send(FrameType.pong, 0, Buffer.from(bytes.subarray(start, end)))
      case FrameType.hook:
        this.#open(stream)
        return void this.#hook(stream, JSON.parse(bytes.toString('utf8', start, end)))
      case FrameType.credentials:
        return this.#refreshCredentials(JSON.parse(bytes.toString('utf8', start, end)))
      case FrameType.init:
        if (this.#init !== null) throw new ChannelError('INIT came twice')
        this.#init = JSON.parse(bytes.toString('utf8', start, end))
        return void this.#start()
      default:
        throw new ChannelError(`frame type ${type} is none that the node sends`)
    }
  }

  #open(stream) {
    if (this.#handler === null) throw new ChannelError(`stream ${stream} was opened before READY`)
    if (stream <= this.#lastStream) throw new ChannelError(`stream ${stream} was used before`)
    this.#lastStream = stream
  }

  /** The invocation of a stream; undefined when it has ended, and its last frames crossed ours. */
  #find(stream) {
    if (stream === 0 || stream > this.#lastStream) throw new ChannelError(`stream ${stream} was never opened`)
    return this.#running.get(stream)
  }

  async #start() {
    const init = this.#init
    const startedMs = performance.now()
    let error
    let loadMs
    try {
      Object.assign(process.env, init.environment)
      setCredentialVariables(init.credentials)
      // Node reads NODE_PATH only when it starts, which was before this function was known.
      if (process.env.NODE_PATH) require('module').Module._initPaths()
      process.chdir(init.codePath)
      this.#contexts = createContexts(init)
      if (init.debug) require('./debugger.cjs').waitForDebugger(init.debug.port, init.codePath)
      const callbackIndex = 2
      const handler = await loadHandler(init.codePath, init.function.handler, callbackIndex)
      if (init.function.initializer) {
        loadMs = performance.now() - startedMs
        await this.#runHook(init.function.initializer, init.requestId)
      }
      this.#handler = init.debug ? require('./debugger.cjs').haltAtFirstCall(handler) : handler
    } catch (thrown) {
      error = describeError(thrown)
    }
    this.#channel.send(FrameType.ready, 0, JSON.stringify({ error, loadMs }))
  }

  #refreshCredentials(credentials) {
    setCredentialVariables(credentials)
    if (this.#contexts) this.#contexts.refreshCredentials(credentials)
    else if (this.#init) this.#init.credentials = credentials
  }

  /** Runs `module.function` of the initializer or of a lifecycle hook: `(context, callback)`, or async, or plain. */
  async #runHook(handler, requestId) {
    const callbackIndex = 1
    const { call, callback } = await loadHandler(this.#init.codePath, handler, callbackIndex)
    const context = this.#contexts.create({ requestId })
    await new Promise((resolve, reject) => {
      const returned = call(context, (error) => (error ? reject(error) : resolve()))
      if (isThenable(returned)) returned.then(resolve, reject)
      else if (isAnswer(callback, returned)) resolve()
    })
  }

  async #hook(stream, { name, requestId }) {
    let error
    try {
      const handler = name === 'preFreeze' || name === 'preStop' ? this.#init.function[name] : ''
      if (handler) await this.#runHook(handler, requestId)
    } catch (thrown) {
      error = describeError(thrown)
    }
    this.#channel.send(FrameType.hookDone, stream, JSON.stringify({ error }))
  }

  #invoke(stream, flags, bytes, start, end) {
    this.#open(stream)
    const headStart = start + 4
    if (headStart > end) throw new ChannelError('INVOKE has no head')
    const headEnd = headStart + bytes.readUInt32BE(start)
    if (headEnd > end) throw new ChannelError('INVOKE has less than its head claims')
    const head = JSON.parse(bytes.toString('utf8', headStart, headEnd))
    const invocation = new Invocation(this.#channel, stream, head, this.#onEnd)
    this.#running.set(stream, invocation)
    const isLast = (flags & FLAG_END) !== 0
    const body = headEnd === end ? NO_BYTES : Buffer.from(bytes.subarray(headEnd, end))
    if (head.kind === 'http' && this.#init.generation === 2) {
      this.#current.run(invocation, runHttp, this, invocation)
    } else if (isLast) {
      this.#current.run(invocation, runEvent, this, invocation, body)
    } else {
      const run = (whole) => this.#current.run(invocation, runEvent, this, invocation, whole)
      collectBody(invocation, EVENT_BYTES_MAX, run)
    }
    if (!invocation.receive(body, isLast)) throw new ChannelError(`stream ${stream} sent beyond its credit`)
  }

  #data(stream, flags, bytes, start, end) {
    const invocation = this.#find(stream)
    if (invocation === undefined) return
    const isWithinCredit = invocation.receive(Buffer.from(bytes.subarray(start, end)), (flags & FLAG_END) !== 0)
    if (!isWithinCredit) throw new ChannelError(`stream ${stream} sent beyond its credit`)
  }

  runHttp(invocation) {
    const { Request, Response } = generation2()
    try {
      const request = new Request(invocation)
      const response = new Response(invocation)
      invocation.onCancel(() => request.abort())
      const returned = this.#handler.call(request, response, this.#contexts.create(invocation.head))
      if (isThenable(returned)) returned.then(undefined, (error) => invocation.fail(error))
    } catch (error) {
      invocation.fail(error)
    }
  }

  runEvent(invocation, body) {
    const { head } = invocation
    const { call, callback } = this.#handler
    try {
      const isHttp = head.kind === 'http'
      const event = isHttp ? generation3().buildEvent(head, body, this.#init.accountId) : body
      const context = this.#contexts.create(head)
      const returned =
        callback === 'never'
          ? call(event, context)
          : call(event, context, (error, result) => {
              if (error) invocation.fail(error)
              else this.#answer(invocation, result)
            })
      if (isThenable(returned)) {
        returned.then(
          (result) => this.#answer(invocation, result),
          (error) => invocation.fail(error),
        )
      } else if (isAnswer(callback, returned)) {
        this.#answer(invocation, returned)
      }
    } catch (error) {
      invocation.fail(error)
    }
  }

  #answer(invocation, result) {
    if (invocation.ended) return
    try {
      let head = EVENT_HEAD
      let body
      if (invocation.head.kind === 'http') {
        ;({ head, body } = generation3().translateAnswer(result, serialise))
      } else {
        body = serialise(result)
      }
      const bytesMax = this.#init.responseBytesMax
      if (body.length * 3 > bytesMax && Buffer.byteLength(body) > bytesMax) {
        const sizeBytes = Buffer.byteLength(body)
        throw new RuntimeFailure(
          'ResponseTooLarge',
          `the response has ${sizeBytes} bytes, at most ${bytesMax} are accepted`,
        )
      }
      invocation.answer(head, body)
    } catch (error) {
      invocation.fail(error)
    }
  }
}

// AsyncLocalStorage.run passes arguments on, so these need no closure per request.
const runHttp = (instance, invocation) => instance.runHttp(invocation)
const runEvent = (instance, invocation, body) => instance.runEvent(invocation, body)

function isThenable(value) {
  return value !== null && typeof value === 'object' && typeof value.then === 'function'
}

/** What a handler returned, as text or bytes. */
function serialise(result) {
  if (typeof result === 'string') return result
  if (result === undefined || result === null) return NO_BYTES
  if (result instanceof Uint8Array) return result
  if (typeof result === 'number' || typeof result === 'boolean') return String(result)
  let text
  try {
    text = JSON.stringify(result)
  } catch (error) {
    throw new RuntimeFailure('UnserializableResponse', `the result cannot be written as JSON: ${error.message}`)
  }
  if (text === undefined) {
    throw new RuntimeFailure('UnserializableResponse', `the result cannot be written as JSON: it is a ${typeof result}`)
  }
  return text
}

function setCredentialVariables({ accessKeyId, accessKeySecret, securityToken }) {
  if (!accessKeyId) return
  const { env } = process
  env.ALIBABA_CLOUD_ACCESS_KEY_ID = env.accessKeyID = accessKeyId
  env.ALIBABA_CLOUD_ACCESS_KEY_SECRET = env.accessKeySecret = accessKeySecret
  env.ALIBABA_CLOUD_SECURITY_TOKEN = env.securityToken = securityToken
}

module.exports = { Instance }
