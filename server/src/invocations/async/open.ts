/** Asynchronous invocations, all parts together. */
import type { AsyncInvocations, AsyncTasks } from '../port.ts'
import { createAcceptor } from './accept.ts'
import { Deliverer, type DelivererDeps } from './deliverer.ts'
import { Dispatcher, type DispatcherDeps } from './dispatcher.ts'
import { isInvocationGroup, targetOfGroup } from './group.ts'
import { Runner, type AsyncDeps } from './runner.ts'
import { createTasks } from './tasks.ts'

export interface AsyncPlatform extends AsyncInvocations {
  tasks: AsyncTasks
  /** Begins to run what was accepted, now and before. */
  start(): void
  /** Throws the reason for accepting nothing. */
  check(): void
  /** By function: what waits and runs. */
  backlog(): { functionKey: string; waiting: number; inFlight: number; oldestEnqueuedMs: number | null }[]
  /** What runs may end within `graceMs`; what does not is given back, to be run by the next start. */
  close(graceMs: number): Promise<void>
}

export type AsyncPlatformDeps = AsyncDeps & Pick<DelivererDeps, 'putObject' | 'post'> & Pick<DispatcherDeps, 'onDefect'>

/** From what is given back to the end of the platform. */
const GIVE_BACK_MS = 1_000

export function openAsyncInvocations(deps: AsyncPlatformDeps): AsyncPlatform {
  const runner = new Runner(deps)
  const acceptor = createAcceptor({ ...deps, problem: () => dispatcher.problem })
  const deliverer = new Deliverer({ ...deps, invoke: acceptor.acceptResult })
  const dispatcher = new Dispatcher({ ...deps, consumers: [runner, deliverer] })
  return {
    accept: acceptor.accept,
    discard: acceptor.discard,
    runningDepth: (functionKey) => runner.runningDepth(functionKey),
    tasks: createTasks(deps, runner),
    start: () => dispatcher.start(),
    check() {
      if (dispatcher.problem !== null) throw dispatcher.problem
    },
    backlog: () =>
      deps.queue.stats().flatMap(({ group, waiting, inFlight, oldestEnqueuedMs }) => {
        if (!isInvocationGroup(group)) return []
        return [{ functionKey: targetOfGroup(group).functionKey, waiting, inFlight, oldestEnqueuedMs }]
      }),
    async close(graceMs) {
      runner.prepareClose()
      await dispatcher.close(graceMs)
      runner.abortAll()
      await dispatcher.close(GIVE_BACK_MS)
    },
  }
}
