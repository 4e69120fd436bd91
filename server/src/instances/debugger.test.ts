import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debugged, findDebugger } from './debugger.ts'
import { StartFailure } from './failure.ts'
import type { Interpreter } from './interpreters/interpreter.ts'

const interpreter = (language: string, ...command: string[]): Interpreter => ({
  language,
  version: '1',
  program: command[0]!,
  command,
  readOnlyPaths: [],
})
const attached = { port: 9229, debugpyFolders: new Map([['/usr/bin/python3', '/usr/lib/packages']]) }

test('Node.js and Python are started as ever, and told by INIT', () => {
  const node = interpreter('nodejs', 'node', 'bootstrap.cjs')
  assert.deepEqual(debugged(node, attached), { interpreter: node, init: { port: 9229 } })
  const python = interpreter('python', '/usr/bin/python3', 'bootstrap.py')
  assert.deepEqual(debugged(python, attached), {
    interpreter: python,
    init: { port: 9229, debugpyFolder: '/usr/lib/packages' },
  })
})

test('a Java machine gets its debugger by the command, before all other arguments', () => {
  const { interpreter: java, init } = debugged(interpreter('java', 'java', '-Xss1m', 'Bootstrap'), attached)
  const agent = '-agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=127.0.0.1:9229'
  assert.deepEqual(java.command, ['java', agent, '-Xss1m', 'Bootstrap'])
  assert.equal(init, null)
})

test('what cannot be debugged fails to start, and says what helps', () => {
  const failureOf = (found: Interpreter) => {
    try {
      debugged(found, attached)
    } catch (error) {
      assert.ok(error instanceof StartFailure)
      return error.failure.errorMessage
    }
    return ''
  }
  assert.match(
    failureOf(interpreter('python', '/opt/python3', 'x')),
    /install it: \/opt\/python3 -m pip install debugpy$/,
  )
  assert.match(
    failureOf(interpreter('php', 'php', 'x')),
    /^php functions have no debugger here; nodejs, python and java/,
  )
})

test('a Python without debugpy, or that does not run at all, is found to have none', async () => {
  const found = await findDebugger(5678, [interpreter('python', '/nonexistent/python3'), interpreter('nodejs', 'node')])
  assert.deepEqual(found, { port: 5678, debugpyFolders: new Map() })
})
