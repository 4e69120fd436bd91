import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf, startAsync, throws } from './test-support.ts'

test('the life of a task is told with its times', async () => {
  const world = startAsync(() => throws('broken'))
  world.configure('f', { isTask: true, retriesMax: 1 })
  assert.equal(await world.platform.accept(requestOf({ text: 'work' })), 'r-1')
  const startedMs = world.clock.nowMs()
  await world.pass(3000)
  const task = (await world.platform.tasks.get('f', 'LATEST', 'r-1'))!
  assert.deepEqual(
    task.events.map(({ eventId, status }) => `${eventId} ${status}`),
    ['1 Enqueued', '2 Dequeued', '3 Running', '4 Retrying', '5 Dequeued', '6 Running', '7 Failed'],
  )
  assert.equal(task.startedMs, startedMs)
  assert.ok(task.endMs >= startedMs + 1000)
  assert.deepEqual(
    [task.status, task.payload, task.retries, task.errorMessage, task.durationMs, task.instanceId],
    ['Failed', 'work', 1, 'HandledInvocationError: broken', 5, 'c-1'],
  )
})

test('a task id is used once for a function and qualifier', async () => {
  const world = startAsync()
  assert.equal(await world.platform.accept(requestOf({ taskId: 'mine' })), 'mine')
  await world.settle()
  const again = requestOf({ requestId: 'r-2', taskId: 'mine' })
  await assert.rejects(world.platform.accept(again), { code: 'StatefulAsyncInvocationAlreadyExists' })
  assert.equal((await world.platform.tasks.get('f', 'LATEST', 'mine'))?.returnPayload, 'done')
})

test('a task that waits is stopped before it runs, one that runs is ended, one that has ended stays', async () => {
  const world = startAsync(() => null)
  const { tasks } = world.platform
  await world.platform.accept(requestOf({ requestId: 'waits', taskId: 'waits', delaySeconds: 60 }))
  await world.platform.accept(requestOf({ requestId: 'runs', taskId: 'runs' }))
  await world.settle()
  assert.equal((await tasks.get('f', 'LATEST', 'runs'))?.status, 'Running')
  for (const id of ['waits', 'runs']) assert.equal(await tasks.stop('f', 'LATEST', id), true)
  await world.settle()
  for (const id of ['waits', 'runs']) assert.equal((await tasks.get('f', 'LATEST', id))?.status, 'Stopped')
  assert.deepEqual([world.running.length, world.queue.kept()], [0, 0])
  await assert.rejects(tasks.stop('f', 'LATEST', 'runs'), { code: 'AsyncInvocationStopped' })
  assert.equal(await tasks.stop('f', 'LATEST', 'none'), false)
})

test('a task that is asked to stop on its way to an instance does not run', async () => {
  const world = startAsync(() => null)
  await world.platform.accept(requestOf({ taskId: 'mine' }))
  const stopping = world.platform.tasks.stop('f', 'LATEST', 'mine')
  await world.settle()
  assert.equal(await stopping, true)
  assert.equal((await world.platform.tasks.get('f', 'LATEST', 'mine'))?.status, 'Stopped')
  assert.equal(world.running.length, 0)
})

test('the state of the one who asks is written with the invocation', async () => {
  const world = startAsync()
  const state = { group: 'timers', key: 't', status: '', startedMs: 0, document: '{}', isNew: false, expiresMs: 1e15 }
  await world.platform.accept(requestOf({ state }))
  await world.platform.accept(requestOf({ requestId: 'r-2', taskId: 't-2', state: { ...state, key: 'u' } }))
  assert.ok(await world.queue.readState('timers', 't'))
  assert.ok(await world.queue.readState('timers', 'u'))
})
