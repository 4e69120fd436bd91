/** Functions in Java from outside: what is Java's alone. What every language promises is in languages.test.ts. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compileJava, jarOf, java, libraryJars } from '../support/java.ts'
import { startPlatform, zip, type TestPlatform } from '../support/platform.ts'

const SOURCES = join(import.meta.dirname, 'java')
const RUNTIME = { runtime: 'java11', memorySize: 512, timeout: 10 }

const base64 = (bytes: Buffer) => ({ zipFile: bytes.toString('base64') })

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
    const options = { ...RUNTIME, runtime: 'java8', code, memorySize: 256, timeout: 60 }
    await platform.deploy('small', {}, { ...options, handler: 'example.Tool::handleRequest' })
  })
  after(() => platform.stop())

  const order = (what: object) => platform.invoke('small', JSON.stringify(what))

  test('memory that is no longer used is collected before it ends the instance; more than there is ends it', async () => {
    const answer = await order({ eatMB: 100, wasteMB: 1000 })
    assert.equal(answer.json()['calls'], 1, answer.text)
    const ended = await order({ eatMB: 600 })
    assert.equal(ended.headers['x-fc-error-type'], 'UnhandledInvocationError', ended.text)
    assert.equal(ended.json()['cause'], 'killed for using more than its 256 MB of memory')
    assert.equal((await order({})).json()['calls'], 1, 'a new instance answers')
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
