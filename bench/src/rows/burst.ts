/** Many requests at once to a function at zero: all are to be answered, the last one soon. */
import { WORK_MS, work } from '../apps.ts'
import { get, type Endpoint } from '../http.ts'
import { percentile } from '../measurement.ts'
import { functionsFrameworkWork } from '../peers/functions-framework.ts'
import { EXPECTED_BODY } from '../peers/peer.ts'
import { settle } from './idle.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const REQUESTS = 200

export const burst: RunRow = async (context) => {
  context.note(
    `${REQUESTS} requests at once, ${WORK_MS} ms of waiting each, instanceConcurrency ${work.instanceConcurrency}; ` +
      'functions-framework is one process that runs already',
  )
  for (let round = 0; round < context.options.rounds; round++) {
    context.say('sluice')
    await usePlatform(context, {}, async (platform) => {
      const endpoint = await platform.deploy3('burst', work)
      await settle(platform)
      await measure(context, 'sluice, from zero', endpoint)
      const value = await platform.metric('sluice_instances')
      context.record({ row: 'burst', subject: 'sluice, from zero', metric: 'instances', unit: 'count', value })
      await measure(context, 'sluice, once more', endpoint)
    })
    context.say(functionsFrameworkWork.name)
    const running = await functionsFrameworkWork.start()
    try {
      await measure(context, functionsFrameworkWork.name, running)
    } finally {
      await running.stop()
    }
  }
}

async function measure({ record }: RowContext, subject: string, endpoint: Endpoint): Promise<void> {
  const startedMs = performance.now()
  const answers = await Promise.all(
    Array.from({ length: REQUESTS }, async () => {
      const isRight = await get(endpoint).then(
        ({ status, body }) => status === 200 && body === EXPECTED_BODY,
        () => false,
      )
      return { isRight, elapsedMs: performance.now() - startedMs }
    }),
  )
  const elapsed = answers.map(({ elapsedMs }) => elapsedMs)
  const add = (metric: string, unit: string, value: number) => record({ row: 'burst', subject, metric, unit, value })
  add('failed', 'count', answers.filter(({ isRight }) => !isRight).length)
  add('first answer', 'ms', Math.min(...elapsed))
  add('p50', 'ms', percentile(elapsed, 0.5))
  add('last answer', 'ms', Math.max(...elapsed))
  add('last / work', 'x', Math.max(...elapsed) / WORK_MS)
}
