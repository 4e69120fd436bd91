/** Reads and stops tasks: their states are the queue's. */
import { FcError } from '../../errors.ts'
import type { AsyncTasks } from '../port.ts'
import { groupOf } from './group.ts'
import type { AsyncDeps, Runner } from './runner.ts'
import { advance, isEnded, readTask, writeTask } from './task.ts'

export function createTasks({ queue, clock }: Pick<AsyncDeps, 'queue' | 'clock'>, runner: Runner): AsyncTasks {
  async function read(functionKey: string, qualifier: string, taskId: string) {
    const state = await queue.readState(groupOf({ functionKey, qualifier }), taskId)
    return state === undefined ? undefined : readTask(state)
  }

  return {
    async list({ functionKey, qualifier, status, prefix, startedFromMs, startedToMs, isDescending, limit, cursor }) {
      const page = await queue.listStates({
        group: groupOf({ functionKey, qualifier }),
        ...(status !== undefined && { status }),
        ...(prefix !== undefined && { keyPrefix: prefix }),
        ...(startedFromMs !== undefined && { startedFromMs }),
        ...(startedToMs !== undefined && { startedToMs }),
        order: isDescending ? 'descending' : 'ascending',
        limit,
        ...(cursor !== undefined && { cursor }),
      })
      return { tasks: page.states.map(readTask), cursor: page.cursor }
    },
    get: read,
    async stop(functionKey, qualifier, taskId) {
      const task = await read(functionKey, qualifier, taskId)
      if (task === undefined) return false
      if (isEnded(task)) {
        throw new FcError('AsyncInvocationStopped', `task '${taskId}' has ended already, as ${task.status}`)
      }
      if (runner.stop(task.requestId)) return true
      const nowMs = clock.nowMs()
      const stopped = writeTask(advance(task, 'Stopped', nowMs), nowMs)
      if (await queue.cancel(task.requestId, stopped)) runner.unstop(task.requestId)
      // It was taken out meanwhile: if it runs already, it is ended; else it is when it arrives.
      else runner.stop(task.requestId)
      return true
    },
  }
}
