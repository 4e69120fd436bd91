/** What only Java has: mapped types, servlets, class loaders, jars, threads of its own. */
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { jarOf, libraryJars } from '../support/java.ts'
import { type Launch, startRuntime, withRuntime } from './driver.ts'

export function javaCases(launch: Launch): void {
  pojoCases(launch)
  servletCases(launch)
  codeCases(launch)
  processCases(launch)
  failureCases(launch)
}

function pojoCases(launch: Launch): void {
  test('java: an event is mapped to the type that the handler takes, by its annotations, unknown fields aside', async () => {
    await withRuntime(launch, { handler: 'forms.takesOrder' }, async (runtime) => {
      const event = { 'order-id': 7, items: ['a', 'b'], added: { later: true } }
      assert.deepEqual(JSON.parse((await runtime.invoke(JSON.stringify(event))).text), { id: 7, items: ['a', 'b'] })
      assert.deepEqual(JSON.parse((await runtime.invoke('')).text), { none: true })
    })
  })

  test('java: a result is mapped to JSON by its annotations', async () => {
    await withRuntime(launch, { handler: 'forms.returnsOrder' }, async (runtime) => {
      assert.deepEqual(JSON.parse((await runtime.invoke('[1, 2, 3]')).text), { items: [], 'order-id': 6 })
    })
  })

  test('java: an event that is no JSON of the handler’s type is told as an error, and the instance goes on', async () => {
    await withRuntime(launch, { handler: 'forms.takesOrder' }, async (runtime) => {
      const { error } = await runtime.invoke('no JSON')
      assert.equal(error?.errorType, 'com.fasterxml.jackson.core.JsonParseException')
      assert.equal(error.handled, false)
      assert.deepEqual(JSON.parse((await runtime.invoke('{"order-id": 1}')).text), { id: 1, items: [] })
    })
  })

  test('java: an initializer of the handler’s class runs on the same object', async () => {
    const options = { handler: 'forms.sharedState', initializer: 'forms.sharedState' }
    await withRuntime(launch, options, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'open')
    })
  })
}

function servletCases(launch: Launch): void {
  test('java, generation 2: a servlet request tells address, parameters, cookies and headers', async () => {
    await withRuntime(launch, { handler: 'forms.webApi', generation: 2 }, async (runtime) => {
      const { text, head } = await runtime.http({
        path: '/a b',
        url: '/a%20b?q=1&q=x%20y&z',
        query: 'q=1&q=x%20y&z',
        headers: [
          ...['Host', 'hello.localhost:7800', 'Cookie', 'a=1; b=2', 'Content-Length', '0'],
          ...['Accept-Language', 'de-CH, en;q=0.5', 'If-Modified-Since', 'Thu, 01 Jan 1970 00:00:01 GMT'],
        ],
      })
      assert.deepEqual(text.trim().split('\n'), [
        'cookie: b=2',
        'date: 1000',
        'length: 0',
        'locale: de_CH',
        'names: q,z',
        'server: hello.localhost 7800',
        'session: null',
        'uri: /a%20b',
        'url: http://hello.localhost:7800/a%20b',
        'values: [1, x y]',
      ])
      assert.deepEqual(head?.headers, [
        ...['Content-Type', 'text/plain; charset=utf-8', 'Set-Cookie', 'a=1; Max-Age=5; HttpOnly'],
        ...['Last-Modified', 'Thu, 1 Jan 1970 00:00:00 GMT'],
      ])
    })
  })

  test('java, generation 2: parameters of a form join those of the query', async () => {
    await withRuntime(launch, { handler: 'forms.webForm', generation: 2 }, async (runtime) => {
      const headers = ['Content-Type', 'application/x-www-form-urlencoded']
      const answer = await runtime.http({ method: 'POST', query: 'q=1', headers }, 'name=J%C3%BCrg+K&q=2')
      assert.equal(answer.text, 'Jürg K 1,2')
    })
  })

  test('java, generation 2: the body can be read by lines', async () => {
    await withRuntime(launch, { handler: 'forms.webLines', generation: 2 }, async (runtime) => {
      assert.equal((await runtime.http({ method: 'POST' }, 'a\nb\nc')).text, 'a|b|c')
    })
  })

  test('java, generation 2: errors and redirections replace what was written', async () => {
    await withRuntime(launch, { handler: 'forms.webError', generation: 2 }, async (runtime) => {
      const moved = await runtime.http()
      assert.deepEqual([moved.head?.status, moved.head?.headers, moved.text], [302, ['Location', '/elsewhere'], ''])
      const missing = await runtime.http({ method: 'POST' })
      assert.deepEqual([missing.head?.status, missing.text], [404, 'no such page'])
    })
  })

  test('java: a request for an interface that the handler does not have names the one that is needed', async () => {
    await withRuntime(launch, { handler: 'web.hello', generation: 2 }, async (runtime) => {
      assert.match((await runtime.invoke('x')).error?.errorMessage ?? '', /StreamRequestHandler or PojoRequestHandler/)
    })
    await withRuntime(launch, { handler: 'index.echo', generation: 2 }, async (runtime) => {
      assert.match((await runtime.http()).error?.errorMessage ?? '', /HttpRequestHandler/)
    })
  })
}

/** A code folder of its own; the caller fills it. */
async function withCode(fill: (folder: string) => void, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-code-'))
  try {
    fill(folder)
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function codeCases(launch: Launch): void {
  for (const place of ['function.jar', 'lib/function.jar']) {
    test(`java: classes are found in ${place}`, async () => {
      const fill = (folder: string) => {
        mkdirSync(join(folder, 'lib'))
        writeFileSync(join(folder, place), jarOf(launch.codePath))
      }
      await withCode(fill, async (codePath) => {
        await withRuntime({ ...launch, codePath }, { handler: 'index.text' }, async (runtime) => {
          assert.equal((await runtime.invoke()).text, 'héllo')
        })
      })
    })
  }

  test('java: a function that brings a Jackson of its own is mapped by that, and sees the platform’s interfaces', async () => {
    const fill = (folder: string) => {
      cpSync(launch.codePath, folder, { recursive: true })
      mkdirSync(join(folder, 'lib'))
      for (const jar of libraryJars('jackson', 'fc-java-core')) {
        copyFileSync(jar, join(folder, 'lib', jar.split('/').at(-1)!))
      }
    }
    await withCode(fill, async (codePath) => {
      await withRuntime({ ...launch, codePath }, { handler: 'forms.takesOrder' }, async (runtime) => {
        assert.deepEqual(JSON.parse((await runtime.invoke('{"order-id": 3}')).text), { id: 3, items: [] })
      })
      await withRuntime({ ...launch, codePath }, { handler: 'forms.seesRuntime' }, async (runtime) => {
        assert.equal((await runtime.invoke()).text, '-com.fasterxml.jackson.databind.ObjectMapper-')
      })
    })
  })

  test('java: a function sees nothing of the runtime and its libraries', async () => {
    await withRuntime(launch, { handler: 'forms.seesRuntime' }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, '---')
    })
  })

  test('java: a jar that cannot be read is named when its class is missing', async () => {
    const fill = (folder: string) => writeFileSync(join(folder, 'broken.jar'), 'no archive')
    await withCode(fill, async (codePath) => {
      const { runtime } = await startRuntime(launch)
      const { error } = await runtime.init(codePath, { handler: 'index.text' })
      assert.equal(error?.errorType, 'ImportModuleError')
      assert.match(error.errorMessage, /broken\.jar cannot be read/)
      await runtime.stop()
    })
  })

  for (const [handler, message] of [
    ['forms.noInterface', /implements none of StreamRequestHandler, PojoRequestHandler, HttpRequestHandler/],
    ['forms.noConstructor', /no constructor without arguments/],
  ] as const) {
    test(`java: ${handler} makes READY tell HandlerNotFound`, async () => {
      const { runtime } = await startRuntime(launch)
      const { error } = await runtime.init(launch.codePath, { handler })
      assert.equal(error?.errorType, 'HandlerNotFound')
      assert.match(error.errorMessage, message)
      await runtime.stop()
    })
  }
}

function processCases(launch: Launch): void {
  test('java: relative paths and children see the code folder and the environment', async () => {
    const fill = (folder: string) => {
      cpSync(launch.codePath, folder, { recursive: true })
      writeFileSync(join(folder, 'relative.txt'), 'found')
    }
    await withCode(fill, async (codePath) => {
      const options = { handler: 'forms.files', environment: { OWN: 'value' } }
      await withRuntime({ ...launch, codePath }, options, async (runtime) => {
        const folder = realpathSync(codePath)
        assert.equal((await runtime.invoke()).text, ['found', 'found', folder, folder, 'value'].join('|'))
      })
    })
  })

  test('java: the time zone is that of the variable TZ', async () => {
    await withRuntime(launch, { handler: 'forms.zone', environment: { TZ: 'Asia/Shanghai' } }, async (runtime) => {
      assert.equal((await runtime.invoke()).text, 'Asia/Shanghai')
    })
  })

  test('java: a thread prints for the invocation that started it', async () => {
    await withRuntime(launch, { handler: 'forms.inThread', concurrency: 4 }, async (runtime) => {
      const streams = ['a', 'b', 'c', 'd'].map((event) => runtime.openEvent(event))
      for (const stream of streams) await stream.answer
      const printed = streams.map((stream) => stream.logs.stdout)
      assert.deepEqual(
        printed,
        ['a', 'b', 'c', 'd'].map((event) => `thread of ${event}\n`),
      )
    })
  })

  test('java: a thread of a pool that an earlier invocation made prints for the one that runs', async () => {
    await withRuntime(launch, { handler: 'forms.inPool' }, async (runtime) => {
      for (const event of ['a', 'b']) {
        const stream = runtime.openEvent(event)
        await stream.answer
        assert.equal(stream.logs.stdout, `pool of ${event}\n`)
      }
    })
  })

  test('java: an interrupted thread prints and answers, and the channel stays', async () => {
    await withRuntime(launch, { handler: 'forms.interrupted' }, async (runtime) => {
      for (let call = 0; call < 3; call++) {
        const stream = runtime.openEvent()
        assert.equal((await stream.answer).text, 'answered')
        assert.equal(stream.logs.stdout, 'interrupted\n')
      }
    })
  })

  test('java: one thread serves one request after the other, several as many as there are', async () => {
    await withRuntime(launch, { handler: 'forms.threads', concurrency: 3 }, async (runtime) => {
      const one = await runtime.invoke()
      assert.equal((await runtime.invoke()).text, one.text)
      const several = await Promise.all([1, 2, 3].map(async () => (await runtime.invoke('together')).text))
      assert.equal(new Set(several).size, 3)
    })
  })

  test('java: the logger has levels', async () => {
    await withRuntime(launch, { handler: 'forms.levels' }, async (runtime) => {
      const stream = runtime.openEvent()
      await stream.answer
      assert.equal(stream.logs.stdout, '')
      assert.match(stream.logs.stderr, /r-1 \[WARN\] careful\n.* r-1 \[FATAL\] over\n$/)
    })
  })
}

function failureCases(launch: Launch): void {
  test('java: an exception is told as Function Compute documents it', async () => {
    await withRuntime(launch, { handler: 'forms.caused' }, async (runtime) => {
      const { error } = await runtime.invoke()
      assert.deepEqual([error?.errorType, error?.errorMessage, error?.handled], ['java.io.IOException', 'oops', true])
      assert.match(error!.stackTrace[0]!, /^forms\.Caused\.run\(forms\.java:\d+\)$/)
      assert.ok(error!.stackTrace.every((line) => !line.includes('sluice.runtime')))
    })
  })

  test('java: endless recursion is told as an error, and the instance goes on', async () => {
    await withRuntime(launch, { handler: 'forms.recursion' }, async (runtime) => {
      for (let call = 0; call < 2; call++) {
        const { error } = await runtime.invoke()
        assert.equal(error?.errorType, 'java.lang.StackOverflowError')
        assert.equal(error.stackTrace.length, 64)
      }
    })
  })

  test('java: memory that cannot be had ends the process', async () => {
    await withRuntime(launch, { handler: 'forms.tooLargeArray' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.equal((await runtime.exited).code, 3)
      assert.equal(stream.ended, false)
    })
  })
}
