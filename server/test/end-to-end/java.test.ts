/** Functions in Java from outside: what the runtime promises, through gateway, instance and log. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compileJava, jarOf, java, libraryJars } from '../support/java.ts'
import { startPlatform, zip, type Answer, type TestPlatform } from '../support/platform.ts'
import { linesOf } from '../support/sdk.ts'

const SOURCES = join(import.meta.dirname, 'java')
const RUNTIME = { runtime: 'java11', memorySize: 512, timeout: 10 }
const ANSWER_MB = 30

const base64 = (bytes: Buffer) => ({ zipFile: bytes.toString('base64') })
const idOf = (answer: Answer) => String(answer.headers['x-fc-request-id'])

/** A jar as build tools make it, with the classes of the interfaces inside. */
const fatJar = () => jarOf(compileJava([join(SOURCES, 'Tool.java')]), ...libraryJars('fc-java-core'))

/** Classes, and the jars that they need in `lib`. */
function zipWithLibraries(): Promise<Buffer> {
  const jars = libraryJars('fc-java-core', 'jackson')
  const classes = compileJava([join(SOURCES, 'Web.java')], ['-cp', jars.join(':')])
  const files = [
    ...readdirSync(join(classes, 'example')).map((name) => [`example/${name}`, join(classes, 'example', name)]),
    ...jars.map((jar) => [`lib/${basename(jar)}`, jar]),
  ]
  return zip(Object.fromEntries(files.map(([name, path]) => [name, readFileSync(path!)])))
}

function javaFunctions(): void {
  let platform: TestPlatform
  before(async () => {
    platform = await startPlatform()
    const code = base64(fatJar())
    const handler = 'example.Tool::handleRequest'
    await platform.deploy(
      'tool',
      {},
      {
        ...RUNTIME,
        code,
        handler,
        environmentVariables: { GREETING: 'hello' },
        instanceLifecycleConfig: { initializer: { handler: 'example.Tool::initialize', timeout: 5 } },
      },
    )
    await platform.deploy('small', {}, { ...RUNTIME, runtime: 'java8', code, handler, memorySize: 256, timeout: 3 })
  })
  after(() => platform.stop())

  const order = (what: object, name = 'tool') => platform.invoke(name, JSON.stringify(what))
  const textsOf = async (name: string, answer: Answer) =>
    (await linesOf(platform, name, idOf(answer))).map(({ text }) => text)

  test('a fat jar is served: initializer, mapped event, context, environment, lines', async () => {
    const answer = await order({ print: 'by print' })
    assert.equal(answer.status, 200, answer.text)
    const { folder, ...seen } = answer.json()
    assert.deepEqual(seen, { calls: 1, started: 1, requestId: idOf(answer), name: 'tool', env: 'hello' })
    assert.match(String(folder), /^\//)
    const id = idOf(answer)
    const texts = await textsOf('tool', answer)
    assert.match(texts.splice(5, 1)[0]!, new RegExp(`Z ${id} \\[INFO\\] order 1$`))
    assert.deepEqual(texts, [
      `FC Initialize Start RequestId: ${id}`,
      'connecting',
      `FC Initialize End RequestId: ${id}`,
      `FC Invoke Start RequestId: ${id}`,
      'by print',
      `FC Invoke End RequestId: ${id}`,
    ])
    assert.deepEqual((await order({})).json()['calls'], 2)
  })

  test(`an answer of ${ANSWER_MB} MB arrives whole`, async () => {
    const { status, body } = await order({ answerMB: ANSWER_MB })
    assert.equal(status, 200)
    assert.equal(body.length, ANSWER_MB * 1024 * 1024 + '""'.length)
  })

  test('an exception is the answer, with type, message and stack', async () => {
    const answer = await order({ raise: 'broken on purpose' })
    assert.deepEqual([answer.status, answer.headers['x-fc-error-type']], [200, 'HandledInvocationError'])
    const { errorMessage, errorType, stackTrace } = answer.json()
    assert.deepEqual([errorMessage, errorType], ['broken on purpose', 'java.lang.IllegalArgumentException'])
    assert.match(JSON.stringify(stackTrace), /example\.Tool\.handleRequest\(Tool\.java:\d+\)/)
  })

  test('exit, timeout and memory end the instance, and the caller is told which it was', async () => {
    for (const { what, errorMessage, cause } of [
      { what: { exit: 3 }, errorMessage: /^Process exited unexpectedly before completing/, cause: 'exit code 3' },
      { what: { hang: true }, errorMessage: /^Task timed out after 3 seconds$/, cause: undefined },
      {
        what: { eatMB: 600 },
        errorMessage: /^Process exited unexpectedly/,
        cause: 'killed for using more than its 256 MB of memory',
      },
    ]) {
      const answer = await order(what, 'small')
      assert.equal(answer.headers['x-fc-error-type'], 'UnhandledInvocationError', answer.text)
      assert.match(String(answer.json()['errorMessage']), errorMessage)
      assert.equal(answer.json()['cause'], cause)
      assert.equal(
        (await order({}, 'small')).json()['calls'],
        1,
        `after ${JSON.stringify(what)} a new instance answers`,
      )
    }
  })

  test('memory that is no longer used is collected before it ends the instance', async () => {
    const options = { ...RUNTIME, memorySize: 256, timeout: 60, handler: 'example.Tool::handleRequest' }
    await platform.deploy('wasteful', {}, { ...options, code: base64(fatJar()) })
    const answer = await order({ eatMB: 100, wasteMB: 1000 }, 'wasteful')
    assert.equal(answer.json()['calls'], 1, answer.text)
  })

  test('a class that is missing and a jar that is none are told by name', async () => {
    await platform.deploy(
      'no-class',
      {},
      { ...RUNTIME, code: base64(fatJar()), handler: 'example.Absent::handleRequest' },
    )
    const missing = await platform.invoke('no-class')
    assert.equal(missing.headers['x-fc-error-type'], 'UnhandledInvocationError')
    assert.match(missing.text, /example\.Absent/)
    const handler = 'example.Web::handleRequest'
    await platform.deploy('no-jar', { 'lib/web.jar': 'no archive' }, { ...RUNTIME, handler })
    assert.match((await platform.invoke('no-jar')).text, /web\.jar cannot be read/)
  })

  test('a zip of classes with jars in lib serves the HTTP requests of a 3.0 function', async () => {
    const code = base64(await zipWithLibraries())
    const options = { ...RUNTIME, code, handler: 'example.Web::handleRequest', http: true }
    const { host } = await platform.deploy('web', {}, options)
    const answer = await platform.send('PUT', '/a%20b', { host, body: 'sent' })
    assert.equal(answer.status, 202, answer.text)
    assert.deepEqual([answer.headers['x-by'], answer.text], ['java', 'PUT /a%20b'])
  })

  test('a servlet handler serves the HTTP trigger of a service’s function', async () => {
    const options = { ...RUNTIME, code: base64(fatJar()), handler: 'example.Tool::handleRequest', http: true }
    const { host } = await platform.deploy('servlet', {}, { ...options, service: 'shop' })
    const answer = await platform.send('POST', '/a%20b/c?q=1&q=2', {
      host,
      body: 'sent é',
      headers: { 'X-Sent': 'by me' },
    })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual([answer.headers['x-seen'], answer.headers['set-cookie']], ['by me', ['a=1', 'b=2']])
    assert.equal(answer.text, 'POST /a b/c ?q=1&q=2 sent é')
    const failed = await platform.send('GET', '/?fail=1', { host })
    assert.deepEqual([failed.status, failed.json()['errorType']], [502, 'java.lang.IllegalStateException'])
  })
}

if ('missing' in java) test('java', { skip: java.missing })
else describe('java functions', javaFunctions)
