/** Functions that are images, on a whole platform, deployed with the vendor's client. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import sdk from '@alicloud/fc20230330'
import {
  busyboxLayer,
  makeTar,
  writeLayout,
  type ImageFixture,
  type TarEntry,
} from '../../src/packages/images/image-fixtures.ts'
import { missingImagePrograms } from '../../src/packages/images/programs.ts'
import { findOciParts } from '../../src/sandbox/oci-check.ts'
import { linesOf, fc3Client } from '../support/sdk.ts'
import { startPlatform, type Answer, type TestPlatform } from '../support/platform.ts'

const PATH = process.env['PATH'] ?? ''
const parts = findOciParts(PATH, '', '/usr/bin/python3')
const skip =
  'missing' in parts
    ? `no containers here: ${parts.missing}`
    : (missingImagePrograms(PATH) ??
      (existsSync('/bin/busybox') ? false : 'needs busybox-static, of which images are made'))

const PROGRAMS = [
  'sh',
  'nc',
  'cat',
  'echo',
  'head',
  'tr',
  'id',
  'touch',
  'dd',
  'usleep',
  'hostname',
  'grep',
  'printf',
  'env',
  'wc',
  'sleep',
]

/**
 * One connection of an HTTP server: an event is a shell script whose output is the answer; over HTTP the path says what
 * to do.
 */
const SERVE = String.raw`#!/bin/sh
cr=$(printf '\r')
read -r method path protocol
length=0 control= id= fc=
while read -r line; do
  line=${'$'}{line%$cr}
  [ -z "$line" ] && break
  name=$(echo "${'$'}{line%%:*}" | tr A-Z a-z)
  value=${'$'}{line#*: }
  case $name in
    content-length) length=$value ;;
    x-fc-control-path) control=$value ;;
    x-fc-request-id) id=$value ;;
  esac
done
reply() {
  printf 'HTTP/1.1 %s\r\nContent-Length: %s\r\nX-Control: %s\r\nConnection: close\r\n\r\n' "$1" "$(printf %s "$2" | wc -c)" "$control"
  printf %s "$2"
}
body=$(head -c "$length")
case $path in
  /invoke) reply '200 OK' "$(sh -c "$body" 2>&1)" ;;
  /stream)
    printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nfirst\r\n'
    until [ -e /tmp/go ]; do usleep 5000; done
    printf '4\r\nlast\r\n0\r\n\r\n' ;;
  /go) touch /tmp/go; reply '200 OK' gone ;;
  *) echo "asked for $path by $id" >&2; reply '201 Created' "$method $path $body" ;;
esac
`

const serve: TarEntry = { name: 'bin/serve', content: SERVE, mode: 0o755 }
const server = {
  Entrypoint: ['/bin/nc'],
  Cmd: ['-ll', '-p', '9000', '-e', '/bin/serve'],
  Env: ['PATH=/bin', 'OF=image', 'KEPT=yes'],
}

describe('custom-container', { skip }, () => {
  let platform: TestPlatform
  let client: ReturnType<typeof fc3Client>
  let images: string

  before(async () => {
    images = mkdtempSync(join(tmpdir(), 'sluice-images-'))
    platform = await startPlatform({ SLUICE_SANDBOX: 'oci', SLUICE_IMAGES_DIR: images })
    client = fc3Client(platform)
    image('server')
  })
  after(async () => {
    await platform.stop()
    rmSync(images, { recursive: true, force: true })
  })

  function image(name: string, more: Partial<ImageFixture> & { files?: TarEntry[] } = {}): string {
    const { files = [], ...fixture } = more
    const layers = [busyboxLayer(PROGRAMS, [serve, ...files])]
    writeLayout(join(images, name), 'latest', { layers, config: server, ...fixture })
    return `oci:${name}:latest`
  }

  async function create(functionName: string, container: Record<string, unknown>, more: Record<string, unknown> = {}) {
    const customContainerConfig = new sdk.CustomContainerConfig(container)
    const fields = {
      functionName,
      runtime: 'custom-container',
      timeout: 20,
      memorySize: 128,
      customContainerConfig,
      ...more,
    }
    const body = new sdk.CreateFunctionInput(fields)
    return (await client.createFunction(new sdk.CreateFunctionRequest({ body }))).body!
  }

  const refusal = (making: Promise<unknown>): Promise<string> =>
    making.then(
      () => assert.fail('it was accepted'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'InvalidArgument', String(error))
        return error.message
      },
    )

  /** Runs a shell script in the function. */
  async function run(name: string, script: string): Promise<string> {
    const answer = await platform.invoke(name, script)
    assert.deepEqual([answer.status, answer.headers['x-fc-error-type']], [200, undefined], answer.text)
    return answer.text
  }

  async function trigger(name: string): Promise<string> {
    const triggerConfig = JSON.stringify({ authType: 'anonymous', methods: ['GET', 'POST'] })
    const made = await platform.call('POST', `/2023-03-30/functions/${name}/triggers`, {
      ...{ triggerName: 'http', triggerType: 'http', triggerConfig },
    })
    return new URL(made.json<{ httpTrigger: { urlInternet: string } }>().httpTrigger.urlInternet).host
  }

  test('an image is deployed and invoked, with its own environment under that of the function', async () => {
    const environmentVariables = { OF: 'function' }
    const made = await create('first', { image: 'oci:server:latest' }, { environmentVariables })
    assert.match(made.customContainerConfig?.resolvedImageUri ?? '', /^oci:server:latest@sha256:[0-9a-f]{64}$/)
    assert.equal(
      await run('first', 'echo $OF $KEPT $FC_FUNCTION_NAME $FC_SERVER_PORT $LD_LIBRARY_PATH'),
      'function yes first 9000',
    )
    assert.match(await run('first', 'echo $ALIBABA_CLOUD_SECURITY_TOKEN'), /./)
    assert.equal(await run('first', 'id -u; hostname'), '0\nsluice')
  })

  test('HTTP requests reach it as they are, answers stream, and what it prints is the request’s log', async () => {
    await create('web', { image: 'oci:server:latest' }, { instanceConcurrency: 4 })
    const host = await trigger('web')
    const answer = await platform.send('POST', '/a%20b?c=d', { host, body: 'hello' })
    assert.deepEqual([answer.status, answer.text], [201, 'POST /a%20b?c=d hello'])
    assert.equal(answer.headers['x-control'], '/http-invoke')
    const id = String(answer.headers['x-fc-request-id'])
    const streamed = await new Promise<string[]>((resolve, reject) => {
      const chunks: string[] = []
      const asked = request({
        host: '127.0.0.1',
        port: platform.port,
        path: '/stream',
        headers: { host },
        agent: false,
      })
      asked.on('error', reject)
      asked.on('response', (response) => {
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk.toString())
          // The rest comes only after another request, which only who has seen the beginning makes.
          if (chunks.length === 1) platform.send('GET', '/go', { host }).catch(reject)
        })
        response.on('end', () => resolve(chunks))
      })
      asked.end()
    })
    assert.deepEqual(streamed, ['first', 'last'])
    const lines = await linesOf(platform, 'web', id)
    assert.ok(
      lines.some(({ text }) => text === `asked for /a%20b?c=d by ${id}`),
      JSON.stringify(lines),
    )
  })

  test('a function stays on its image until it is set again, and then moves to the new one', async () => {
    const saying = (text: string) => image('moving', { files: [{ name: 'etc/said', content: text }] })
    await create('moving', { image: saying('old') })
    assert.equal(await run('moving', 'cat /etc/said'), 'old')
    const reference = saying('new')
    const update = (fields: Record<string, unknown>) =>
      client.updateFunction('moving', new sdk.UpdateFunctionRequest({ body: new sdk.UpdateFunctionInput(fields) }))
    await update({ description: 'no word of the image' })
    assert.equal(await run('moving', 'cat /etc/said'), 'old')
    await update({ customContainerConfig: new sdk.CustomContainerConfig({ image: reference }) })
    assert.equal(await run('moving', 'cat /etc/said'), 'new')
  })

  test('what an instance writes is bounded by its disk and gone with it', async () => {
    await create('writing', { image: 'oci:server:latest' })
    const filling = 'dd if=/dev/zero of=/var/zeros bs=1M count=600 2>&1 | grep -o "No space left on device"'
    assert.equal(await run('writing', filling), 'No space left on device')
    assert.equal(await run('writing', 'busybox rm -f /var/zeros; echo evil >/bin/serve; echo done'), 'done')
    await create('fresh', { image: 'oci:server:latest' })
    assert.equal(await run('fresh', 'head -n 1 /bin/serve'), '#!/bin/sh')
  })

  test('entry point, arguments, port, user and working folder are those that are set, else the image’s', async () => {
    const reference = image('other', {
      config: { ...server, Cmd: ['--nonsense'], User: 'www', WorkingDir: '/var/www' },
    })
    await create('other', { image: reference, command: ['-ll', '-p', '81', '-e', '/bin/serve'], port: 81 })
    assert.equal(await run('other', 'id -u; id -G; pwd'), '33\n33 40\n/var/www')
    const script = 'exec nc -ll -p 9000 -e /bin/serve'
    await create('entry', { image: 'oci:server:latest', entrypoint: ['/bin/sh', '-c', script] })
    assert.equal(await run('entry', 'echo up'), 'up')
  })

  test('images that cannot run are refused when they are named, and the function is not there', async () => {
    const hostile = makeTar([{ name: '../../escape', content: 'x' }])
    const cases: [RegExp, Record<string, unknown>][] = [
      [/image is required/, {}],
      [/no "gone" in the folder/, { image: 'oci:gone:latest' }],
      [/lies elsewhere/, { image: 'docker-archive:/etc/passwd' }],
      [/made for linux\/s390x/, { image: image('foreign', { architecture: 's390x' }) }],
      [/names no program to run/, { image: image('silent', { config: {} }) }],
      [/leaves the image/, { image: image('hostile', { layers: [hostile] }) }],
    ]
    for (const [reason, container] of cases) {
      assert.match(await refusal(create('refused', container)), reason)
      assert.equal((await platform.call('GET', '/2023-03-30/functions/refused')).status, 404)
    }
    const jobs = { image: 'oci:server:latest', webServerMode: false }
    const service = await platform.call('POST', '/2021-04-06/services', { serviceName: 'refusing' })
    assert.equal(service.status, 200)
    const made = await platform.call('POST', '/2021-04-06/services/refusing/functions', {
      ...{ functionName: 'jobs', runtime: 'custom-container', instanceConcurrency: 2, customContainerConfig: jobs },
    })
    assert.deepEqual([made.status, /instanceConcurrency/.test(made.text)], [400, true], made.text)
  })

  test('a program that is not there is told at deploy, one that ends at once with its last words', async () => {
    const errorOf = ({ status, text }: Answer) => ({
      status,
      ...(JSON.parse(text) as { Code: string; Message: string }),
    })
    for (const [program, code] of [
      ['/bin/nothing', 'CAFileNotFound'],
      ['/etc/passwd', 'CAFilePermission'],
    ] as const) {
      const refused = create('unable', { image: 'oci:server:latest', entrypoint: [program] })
      await assert.rejects(refused, (error: Error & { code?: string }) => {
        assert.equal(error.code, code)
        assert.match(error.message, new RegExp(`'${program}'`))
        return true
      })
    }
    const cases: [string, string[], string, RegExp][] = [
      ['ending', ['/bin/sh', '-c', 'echo no database; exit 3'], 'CAExited', /exit code 3.*no database/s],
    ]
    for (const [name, entrypoint, code, reason] of cases) {
      await create(name, { image: 'oci:server:latest', entrypoint })
      const { status, Code, Message } = errorOf(await platform.invoke(name))
      assert.deepEqual([status, Code], [412, code], Message)
      assert.match(Message, reason)
    }
  })

  test('a program that ends, takes too much memory or too long ends alone, and the next request starts another', async () => {
    await create('failing', { image: 'oci:server:latest' }, { timeout: 1 })
    const failure = async (script: string) => {
      const { headers, text } = await platform.invoke('failing', script)
      return [headers['x-fc-error-type'], (JSON.parse(text) as { errorType: string }).errorType]
    }
    const greedy = 'dd if=/dev/zero of=/dev/null bs=300M count=1; sleep 60'
    assert.deepEqual(await failure(greedy), ['UnhandledInvocationError', 'FunctionOOMError'])
    assert.deepEqual(await failure('sleep 60'), ['UnhandledInvocationError', 'FunctionTimeoutError'])
    assert.equal(await run('failing', 'echo up'), 'up')
  })

  test('a job runs a fresh container for each event to its end', async () => {
    await platform.call('POST', '/2021-04-06/services', { serviceName: 'batch' })
    const script =
      'echo got $FC_CUSTOM_CONTAINER_EVENT; [ -e /tmp/before ] && exit 9; touch /tmp/before; exit $FC_CUSTOM_CONTAINER_EVENT'
    const customContainerConfig = {
      image: 'oci:server:latest',
      command: JSON.stringify(['/bin/sh', '-c', script]),
      webServerMode: false,
    }
    const made = await platform.call('POST', '/2021-04-06/services/batch/functions', {
      ...{ functionName: 'job', runtime: 'custom-container', timeout: 20, customContainerConfig },
    })
    assert.equal(made.status, 200, made.text)
    for (const code of ['0', '3', '0']) {
      const answer = await platform.invoke('batch$job', code)
      const [type, body] = code === '0' ? [undefined, ''] : ['UnhandledInvocationError', /exit code 3/]
      assert.equal(answer.headers['x-fc-error-type'], type, answer.text)
      if (body === '') assert.equal(answer.text, '')
      else assert.match(answer.text, /exit code 3/)
      const lines = await linesOf(platform, 'batch$job', String(answer.headers['x-fc-request-id']))
      assert.ok(
        lines.some(({ text, stream }) => stream === 'stdout' && text === `got ${code}`),
        JSON.stringify(lines),
      )
    }
    const large = await platform.invoke('batch$job', 'x'.repeat(140_000))
    assert.match(large.text, /at most \d+ bytes/)
    assert.equal((await platform.invoke('batch$job', '0')).text, '')
  })

  test('functions are found again by a platform that was killed', async () => {
    await create('lasting', { image: image('lasting') })
    rmSync(join(images, 'lasting'), { recursive: true })
    await platform.kill()
    await platform.start()
    assert.equal(await run('lasting', 'echo up'), 'up')
  })
})

test('without containers such a function is refused with what is missing', async () => {
  const platform = await startPlatform({ SLUICE_SANDBOX: 'process' })
  try {
    mkdirSync(join(platform.dataDir, 'images'), { recursive: true })
    const answer = await platform.call('POST', '/2023-03-30/functions', {
      ...{ functionName: 'none', runtime: 'custom-container', customContainerConfig: { image: 'oci:server:latest' } },
    })
    assert.deepEqual([answer.status, answer.json<{ Code: string }>().Code], [400, 'InvalidArgument'])
    assert.match(answer.text, /oci sandbox/)
  } finally {
    await platform.stop()
  }
})
