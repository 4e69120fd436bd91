/** `go1`: a binary that asks for its calls at the runtime API, over real processes. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { StartFailure } from '../../src/instances/failure.ts'
import type { Instance } from '../../src/instances/instance.ts'
import {
  open,
  openEvent,
  openHttp,
  printedFor,
  programWorld,
  slotOf,
  withLongTurns,
  type Outcome,
  type ProgramWorldOptions,
} from '../../src/instances/program-test-support.ts'
import { buildGo, buildGoWithSdk, type Built } from './go-build.ts'

const handlers = (name: string) => join(import.meta.dirname, 'handlers', name)

/** Defines the cases for one binary, or says why there is none. */
function withProgram(name: string, built: Built, cases: (name: string, program: Buffer) => void): void {
  if ('reason' in built) {
    test(name, { skip: built.reason })
    return
  }
  const program = readFileSync(built.program)
  after(() => rmSync(dirname(built.program), { recursive: true }))
  cases(name, program)
}

async function started(context: TestContext, main: Buffer, options: Partial<ProgramWorldOptions> = {}) {
  const { config, ...rest } = options
  const world = await programWorld(context, { files: { main }, config: { runtime: 'go1', ...config }, ...rest })
  return { ...world, instance: await world.start() }
}

async function outcomeOf(instance: Instance, event: string | Buffer): Promise<Outcome> {
  const slot = slotOf(instance)
  const outcome = await openEvent(slot, event).outcome
  slot.release()
  return outcome
}

function goCases(name: string, program: Buffer): void {
  test(`${name}: events come back, errors are told, the context is the request’s`, async (context) => {
    const { instance } = await started(context, program)
    assert.equal((await outcomeOf(instance, '"hello"')).text, '"hello"')
    const { failure } = await outcomeOf(instance, 'error')
    assert.equal(failure?.errorMessage, 'no such order')
    assert.equal(failure.errorType, 'OrderRefused')
    assert.equal(failure.handled, true)
    const slot = slotOf(instance)
    const { text } = await open(slot, { kind: 'event', requestId: 'r-own' }, 'context').outcome
    assert.deepEqual(JSON.parse(text), { requestId: 'r-own', function: 'f', key: 'id' })
    await instance.stop(0)
  })

  test(`${name}: many calls at once, and large ones, pass`, async (context) => {
    const { instance } = await started(context, program)
    const texts = Array.from({ length: 10 }, (_, i) => `"call ${i}"`)
    const answers = await Promise.all(texts.map((text) => outcomeOf(instance, text)))
    assert.deepEqual(
      answers.map(({ text }) => text),
      texts,
    )
    const slot = slotOf(instance)
    const exchange = open(slot, { kind: 'event' })
    const body = Buffer.from(JSON.stringify('abcdefg'.repeat(600_000)))
    await exchange.sendWhole(body)
    assert.ok((await exchange.outcome).body.equals(body))
    await instance.stop(0)
  })

  test(`${name}: the initializer has run before the first event, freezing and thawing change nothing`, async (context) => {
    const config = { initializer: { handler: 'i', timeoutSeconds: 5 } }
    const { instance } = await started(context, program, { config })
    assert.equal((await outcomeOf(instance, 'initialized')).text, '1')
    for (let i = 0; i < 3; i++) {
      assert.equal(instance.freeze(), true)
      assert.equal((await outcomeOf(instance, `"request ${i}"`)).text, `"request ${i}"`)
    }
    await instance.stop(0)
  })

  test(`${name}: what is printed before the answer is the request’s, however late both are read`, async (context) => {
    const { instance } = await started(context, program)
    const printed = await withLongTurns(() => printedFor(instance, 'print', 20))
    // The SDK prints lines of its own around it.
    for (const pieces of printed) assert.ok(pieces.join('').split('\n').includes('printed'), pieces.join(''))
    await instance.stop(0)
  })

  test(`${name}: HTTP requests of 2.0 and of 3.0`, async (context) => {
    const old = await started(context, program, { service: 's', config: { environmentVariables: { MODE: 'http' } } })
    const asked = openHttp(slotOf(old.instance), { method: 'POST', path: '/a b', url: '/a%20b' }, 'body')
    const { head, text } = await asked.outcome
    assert.equal(text, 'hello /a b body')
    assert.equal(head?.status, 201)
    assert.equal(head.headers![head.headers!.indexOf('X-Name') + 1], 'a')
    const recent = await started(context, program)
    const answered = await openHttp(slotOf(recent.instance), { method: 'POST' }, 'body').outcome
    assert.equal(answered.text, 'hello body')
    assert.deepEqual(answered.head, { status: 201, headers: ['X-Name', 'a'] })
    await Promise.all([old.instance.stop(0), recent.instance.stop(0)])
  })

  test(`${name}: a program that exits is told by its code, in a request as at its start`, async (context) => {
    const { instance } = await started(context, program)
    const slot = slotOf(instance)
    openEvent(slot, 'exit')
    assert.equal((await slot.gone).cause, 'exit code 7')
    const world = await programWorld(context, {
      files: { main: '#!/bin/sh\necho broken >&2\nexit 2\n' },
      config: { runtime: 'go1' },
    })
    const thrown: unknown = await world.start().catch((error: unknown) => error)
    assert.ok(thrown instanceof StartFailure)
    assert.match(`${thrown.failure.errorType} ${thrown.message}`, /^CAExited .*exit code 2; it said: broken$/)
  })
}

withProgram('go', buildGo(handlers('go')), goCases)
withProgram('go with the SDK', buildGoWithSdk(handlers('go-sdk')), (name, program) => {
  goCases(name, program)

  test(`${name}: a panic is told with its stack, and the program goes on`, async (context) => {
    const { instance } = await started(context, program)
    const { failure } = await outcomeOf(instance, 'panic')
    assert.equal(failure?.errorMessage, 'out of orders')
    assert.equal(failure.handled, false)
    assert.match(failure.stackTrace!.join('\n'), /serve \(.*main\.go:\d+\)/)
    assert.equal((await outcomeOf(instance, '"still here"')).text, '"still here"')
    await instance.stop(0)
  })
})
