'use strict'
/** What a caller is told of a failure: `{errorMessage, errorType, stackTrace, handled}`, bounded to fit one frame. */

const MESSAGE_LENGTH_MAX = 65_536
const STACK_LINES_MAX = 64
const STACK_LINE_LENGTH_MAX = 1024

/** A failure found by the runtime itself; the handler never had the chance to report it. */
class RuntimeFailure extends Error {
  constructor(errorType, message, stackTrace = []) {
    super(message)
    this.name = errorType
    this.stackTrace = stackTrace
  }
}

function describeError(thrown) {
  try {
    if (thrown instanceof RuntimeFailure) return shape(thrown.message, thrown.name, thrown.stackTrace, false)
    if (isError(thrown)) return shape(String(thrown.message), String(thrown.name), stackLines(thrown.stack), true)
    return shape(textOf(thrown), 'FunctionHandledError', [], true)
  } catch {
    return shape('the error cannot be described: reading it failed', 'FunctionHandledError', [], true)
  }
}

/** What went wrong while the user's module was loaded. */
function loadFailure(thrown) {
  if (thrown instanceof RuntimeFailure) return thrown
  if (!isError(thrown)) return new RuntimeFailure('FunctionUnhandledError: Error', textOf(thrown))
  const [message] = String(thrown.message).split('\n')
  if (thrown.code === 'MODULE_NOT_FOUND' || thrown.code === 'ERR_MODULE_NOT_FOUND') {
    return new RuntimeFailure('ImportModuleError', message, stackLines(thrown.stack))
  }
  if (thrown instanceof SyntaxError) {
    return new RuntimeFailure('UserCodeSyntaxError', thrown.message, String(thrown.stack).split('\n'))
  }
  return new RuntimeFailure(`FunctionUnhandledError: ${thrown.name}`, thrown.message, stackLines(thrown.stack))
}

function isError(value) {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function textOf(value) {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return String(value)
}

function stackLines(stack) {
  const frames = []
  for (const line of String(stack).split('\n')) if (/^\s+at /.test(line)) frames.push(line.trim())
  return frames
}

function shape(message, errorType, stackTrace, handled) {
  return {
    errorMessage: message.slice(0, MESSAGE_LENGTH_MAX),
    errorType: errorType.slice(0, STACK_LINE_LENGTH_MAX),
    stackTrace: stackTrace.slice(0, STACK_LINES_MAX).map((line) => line.slice(0, STACK_LINE_LENGTH_MAX)),
    handled,
  }
}

module.exports = { RuntimeFailure, describeError, loadFailure }
