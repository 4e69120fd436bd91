/** Asynchronous invocations, all parts together. */
import type { AsyncInvocations, AsyncTasks } from '../port.ts'
import type { Change } from '../../metadata/port.ts'
import { createAcceptor } from './accept.ts'
import { FeedAsyncConfigs } from './configs.ts'
import { Deliverer, type DelivererDeps } from './deliverer.ts'
import { Dispatcher, type DispatcherDeps } from './dispatcher.ts'
import { isInvocationGroup, targetOfGroup } from './group.ts'
import { Runner, type AsyncDeps } from './runner.ts'
import { createTasks } from './tasks.ts'

export interface AsyncPlatform extends AsyncInvocations {
  tasks: AsyncTasks
  /** Takes its configurations from the change feed. */
  apply(changes: readonly Change[]): void
  /** Begins to run what was accepted, now and before. */
  start(): void
  /** Rejects with the reason for accepting nothing. */
  check(): Promise<void>
  /** What waits and runs, by function and qualifier. */
  backlog(): { functionKey: string; waiting: number; inFlight: number; oldestMs: number }[]
  /** What runs may end within `graceMs`; what does not is given back, to be run by the next start. */
  close(graceMs: number): Promise<void>
}

export type AsyncPlatformDeps = Omit<AsyncDeps, 'configs'> &
  Pick<DelivererDeps, 'objects' | 'post'> &
  Pick<DispatcherDeps, 'onDefect'>

/** From what is given back to the end of the platform. */
const GIVE_BACK_MS = 1_000

export function openAsyncInvocations(platformDeps: AsyncPlatformDeps): AsyncPlatform {
  const configs = new FeedAsyncConfigs()
  const deps = { ...platformDeps, configs }
  const runner = new Runner(deps)
  const acceptor = createAcceptor({ ...deps, problem: () => dispatcher.problem })
  const deliverer = new Deliverer({ ...deps, invoke: acceptor.acceptResult })
  const dispatcher = new Dispatcher({ ...deps, consumers: [runner, deliverer] })
  return {
    accept: acceptor.accept,
    discard: acceptor.discard,
    runningDepth: (functionKey) => runner.runningDepth(functionKey),
    tasks: createTasks(deps, runner),
    apply: (changes) => configs.apply(changes),
    start: () => dispatcher.start(),
    async check() {
      if (dispatcher.problem !== null) throw dispatcher.problem
      await deps.queue.check()
    },
    backlog: () =>
      deps.queue.stats().flatMap(({ group, waiting, inFlight, oldestEnqueuedMs }) => {
        if (!isInvocationGroup(group)) return []
        const oldestMs = oldestEnqueuedMs === null ? 0 : deps.clock.nowMs() - oldestEnqueuedMs
        return [{ functionKey: targetOfGroup(group).functionKey, waiting, inFlight, oldestMs }]
      }),
    async close(graceMs) {
      runner.prepareClose()
      await dispatcher.close(graceMs)
      runner.abortAll()
      await dispatcher.close(GIVE_BACK_MS)
    },
  }
}
