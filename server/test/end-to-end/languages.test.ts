/** What every language promises: the same function in each of them, through gateway, sandbox, runtime and log. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'
import { eventually, linesOf } from './http-support.ts'
import { languages, type Language } from './languages-support.ts'

const LARGE_BYTES = 30 * 1024 * 1024
const COLD_BODY_BYTES = 100_000

let platform: TestPlatform
before(async () => {
  platform = await startPlatform()
})
after(() => platform.stop())

const header = (answer: Answer, name: string) => String(answer.headers[`x-fc-${name}`])

function casesOf(language: Language): void {
  const { name, files, answersJson } = language
  const deploy = (functionName: string) =>
    platform.deploy(functionName, files, {
      handler: 'handler',
      timeout: 20,
      memorySize: 512,
      environmentVariables: { GREETING: 'hello' },
      ...language.config,
      http: true,
    })
  const invoke = (event: Buffer | string) => platform.invoke(name, event)
  const textOf = (answer: Answer) => (answersJson ? answer.json<unknown>() : answer.text)

  /** The event was answered, and with this text. */
  async function answered(event: string, text: string): Promise<Answer> {
    const answer = await invoke(event)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers['x-fc-error-type'], undefined, answer.text)
    assert.equal(textOf(answer), text)
    return answer
  }

  /** The event failed in this way; the answer says how. */
  async function failed(event: string, errorType: string, message: RegExp): Promise<Answer> {
    const answer = await invoke(event)
    assert.deepEqual([answer.status, answer.headers['x-fc-error-type']], [200, errorType], answer.text)
    assert.match(String(answer.json()['errorMessage']), message)
    return answer
  }

  let host = ''
  before(async () => ({ host } = await deploy(name)))

  test('text comes back as it is', async () => {
    await answered('echo:text é 漢字 🙂', 'text é 漢字 🙂')
  })

  test('bytes that are no text come back as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256))
    const answer = await invoke(bytes)
    assert.equal(answer.status, 200, answer.text)
    const received = answersJson ? Buffer.from(answer.json<string>(), 'base64') : answer.body
    assert.ok(received.equals(bytes), received.toString('latin1'))
  })

  test('the context has the request id of the answer, the name of the function, and an access key', async () => {
    const answer = await invoke('context')
    const requestId = header(answer, 'request-id')
    assert.deepEqual(answer.json(), { requestId, functionName: name, hasAccessKey: true })
  })

  test('variables of the function are in the environment', async () => {
    await answered('env', 'hello')
  })

  test('what is printed is in the log under the request', async () => {
    const requestId = header(await answered('print', 'ok'), 'request-id')
    await eventually(async () =>
      (await linesOf(platform, name, requestId)).find(({ text }) => text === `printed ${requestId}`),
    )
  })

  test('an error is the answer, and the instance serves on', async () => {
    const failure = await failed('fail', 'HandledInvocationError', /^no such order$/)
    const next = await answered('echo:next', 'next')
    assert.equal(header(next, 'instance-id'), header(failure, 'instance-id'))
  })

  test('a process that ends in a request is told with its exit code, and another instance serves on', async () => {
    const ended = /^Process exited unexpectedly before completing request/
    const failure = await failed('exit', 'UnhandledInvocationError', ended)
    assert.equal(failure.json()['cause'], 'exit code 3')
    const next = await answered('echo:next', 'next')
    assert.notEqual(header(next, 'instance-id'), header(failure, 'instance-id'))
  })

  test('the initializer runs once, before the first of two requests of an instance', async () => {
    const [first, second] = [await answered('init', '1'), await answered('init', '1')]
    assert.equal(header(second, 'instance-id'), header(first, 'instance-id'))
  })

  test('an answer of 30 MB arrives whole', async () => {
    const answer = await invoke('large')
    assert.equal(answer.status, 200)
    assert.equal(String(textOf(answer)).length, LARGE_BYTES)
  })

  test('an HTTP request arrives with method, path, query, headers and body; status and headers come back', async () => {
    const headers = { 'X-Question': 'why' }
    const answer = await platform.send('PUT', '/orders/7?q=open', { host, headers, body: 'body é' })
    assert.equal(answer.status, 201, answer.text)
    assert.equal(answer.headers['x-answer'], 'why')
    assert.equal(answer.text, 'PUT /orders/7 open body é')
  })

  test('the body of a request that starts the first instance arrives whole, after what the initializer prints', async () => {
    const cold = await deploy(`${name}-cold`)
    const body = 'abcdefghij'.repeat(COLD_BODY_BYTES / 10)
    const answer = await platform.send('POST', '/?q=1', { host: cold.host, headers: { 'X-Question': 'cold' }, body })
    assert.deepEqual([answer.status, answer.headers['x-answer']], [201, 'cold'], answer.text.slice(0, 1000))
    assert.ok(answer.text === `POST / 1 ${body}`, `${answer.text.length} characters`)
    const id = header(answer, 'request-id')
    const texts = (await linesOf(platform, `${name}-cold`, id)).map(({ text }) => text)
    const marked = texts.filter((text) => /^(FC Initialize|initializing)/.test(text))
    // The Go SDK prints the same marks.
    assert.deepEqual(
      [...new Set(marked)],
      [`FC Initialize Start RequestId: ${id}`, 'initializing', `FC Initialize End RequestId: ${id}`],
    )
  })
}

for (const language of languages) describe(language.name, { skip: language.missing }, () => casesOf(language))
