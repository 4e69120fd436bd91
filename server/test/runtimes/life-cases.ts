/** From HELLO to the end of the process. */
import assert from 'node:assert/strict'
import { realpathSync } from 'node:fs'
import { test } from 'node:test'
import { encodeFrame, FrameType, INITIAL_CREDIT_BYTES } from '../../src/instances/channel/frames.ts'
import { needing } from './capability.ts'
import type { Language } from './contract.ts'
import { startRuntime, withRuntime } from './driver.ts'

export function lifeCases(language: Language): void {
  const { name, launch, errorPrefix = '' } = language
  const concurrently = needing('concurrency', language)

  test(`${name}: HELLO names protocol, runtime, version and process`, async () => {
    const { runtime, hello } = await startRuntime(launch)
    assert.equal(hello['protocol'], 1)
    assert.equal(hello['runtime'], name.split(' ')[0])
    assert.match(String(hello['version']), /^\d+\.\d+\.\d+/)
    assert.ok(Number(hello['pid']) > 0)
    await runtime.stop()
  })

  test(`${name}: the environment is set, the channel hidden and the code folder entered`, async () => {
    const environment = { OWN: 'value' }
    await withRuntime(launch, { handler: 'index.environment', environment }, async (runtime) => {
      const { channel, ...rest } = JSON.parse((await runtime.invoke()).text) as Record<string, unknown>
      assert.equal(channel ?? null, null)
      assert.deepEqual(rest, { code: '/code/', own: 'value', key: 'key', folder: realpathSync(launch.codePath) })
    })
  })

  test(`${name}: refreshed credentials reach context and environment`, async () => {
    await withRuntime(launch, { handler: 'index.credentials' }, async (runtime) => {
      assert.deepEqual(JSON.parse((await runtime.invoke()).text), { context: 'key', variable: 'key' })
      const fresh = { accessKeyId: 'fresh', accessKeySecret: 's', securityToken: 't' }
      runtime.send(encodeFrame(FrameType.credentials, 0, JSON.stringify(fresh)))
      assert.deepEqual(JSON.parse((await runtime.invoke()).text), { context: 'fresh', variable: 'fresh' })
    })
  })

  test(`${name}: the initializer runs once, before the first invocation`, async () => {
    const options = { handler: 'index.initializationCount', initializer: 'index.initialize' }
    await withRuntime(launch, options, async (runtime) => {
      assert.equal(runtime.logs.stdout, 'initializing r-init\n')
      assert.equal((await runtime.invoke()).text, '1')
      assert.equal((await runtime.invoke()).text, '1')
    })
  })

  test(`${name}: a failing initializer makes READY tell its error`, async () => {
    const { runtime } = await startRuntime(launch)
    const options = { handler: 'index.echo', initializer: 'index.failInitialize' }
    const { error } = await runtime.init(launch.codePath, options)
    assert.equal(error?.errorType, `${errorPrefix}OrderRefused`)
    assert.equal(error.handled, true)
    await runtime.stop()
  })

  test(`${name}: hooks run, report their failure, and are optional`, async () => {
    const options = { handler: 'index.echo', preFreeze: 'index.beforeFreeze', preStop: 'index.failBeforeStop' }
    await withRuntime(launch, options, async (runtime) => {
      assert.deepEqual(await runtime.hook('preFreeze'), {})
      assert.equal(runtime.logs.stdout, 'freezing r-hook\n')
      assert.equal((await runtime.hook('preStop')).error?.errorMessage, 'cannot flush')
      assert.equal((await runtime.invoke('still here')).text, 'still here')
    })
    await withRuntime(launch, { handler: 'index.echo' }, async (runtime) => {
      assert.deepEqual(await runtime.hook('preStop'), {})
    })
  })

  test(`${name}: ping is answered with its own bytes while an invocation runs`, concurrently, async () => {
    await withRuntime(launch, { handler: 'index.hold', concurrency: 2 }, async (runtime) => {
      const held = runtime.openEvent('hold')
      assert.equal(await runtime.ping('are you there'), 'are you there')
      await held.until(() => held.logs.stdout !== '')
      await runtime.invoke('release')
      assert.equal((await held.answer).text, 'held')
    })
  })

  test(
    `${name}: a cancelled invocation ends with an error when its work is done, others are untouched`,
    concurrently,
    async () => {
      await withRuntime(launch, { handler: 'index.hold', concurrency: 2 }, async (runtime) => {
        const held = runtime.openEvent('hold')
        await held.until(() => held.logs.stdout !== '')
        held.cancel('disconnect')
        assert.equal((await runtime.invoke('release')).text, 'released')
        const { error } = await held.answer
        assert.equal(error?.errorType, 'InvocationCancelled')
        assert.match(error.errorMessage, /disconnect/)
      })
    },
  )

  test(`${name}: an event cancelled while it arrives ends at once and never reaches the handler`, async () => {
    await withRuntime(launch, { handler: 'index.printAll' }, async (runtime) => {
      const stream = runtime.open({ kind: 'event' })
      stream.data(Buffer.from('half of'))
      stream.cancel('disconnect')
      assert.equal((await stream.answer).error?.errorType, 'InvocationCancelled')
      assert.equal((await runtime.invoke('next')).text, 'printed')
      assert.equal(stream.logs.stdout + runtime.logs.stdout, '')
    })
  })

  test(`${name}: a cancelled answer that waits for credit is given up`, async () => {
    await withRuntime(launch, { handler: 'index.sized' }, async (runtime) => {
      const stream = runtime.open({ kind: 'event' }, String(INITIAL_CREDIT_BYTES * 2))
      stream.autoGrant = false
      await stream.until(() => stream.receivedBytes === INITIAL_CREDIT_BYTES)
      stream.cancel('timeout')
      assert.equal((await stream.answer).error?.errorType, 'InvocationCancelled')
      assert.equal((await runtime.invoke('3')).text, 'xxx')
    })
  })

  test(`${name}: a handler that exits ends the process with its code, after its last words`, async () => {
    await withRuntime(launch, { handler: 'index.exit' }, async (runtime) => {
      const stream = runtime.openEvent()
      assert.deepEqual(await runtime.exited, { code: 7, signal: null })
      assert.equal(stream.logs.stdout, 'leaving\n')
      assert.equal(stream.ended, false)
    })
  })

  test(
    `${name}: the process ends when the node closes the connection, even with work in hand`,
    concurrently,
    async () => {
      const { runtime } = await startRuntime(launch)
      await runtime.init(launch.codePath, { handler: 'index.hold' })
      const held = runtime.openEvent('hold')
      await held.until(() => held.logs.stdout !== '')
      runtime.socket.destroy()
      assert.equal((await runtime.exited).code, 0)
    },
  )
}
