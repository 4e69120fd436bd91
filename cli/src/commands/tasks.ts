import type { Command } from 'commander'
import { getTask, listTasks, stopTask } from '../api.ts'
import type { AddCommand } from '../context.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { type Json, numberOf, objectsOf, textOf } from '../json.ts'
import { formatDuration, printable } from '../output.ts'
import { formatTime } from '../time.ts'

interface TaskOptions {
  qualifier?: string
}

interface ListOptions extends TaskOptions {
  status?: string
  prefix?: string
}

const COLUMNS = ['task', 'status', 'accepted', 'duration', 'retries', 'error']
const QUALIFIER = ['-q, --qualifier <name>', 'version or alias; LATEST when absent'] as const

export const addTasks: AddCommand = (program, contextOf) => {
  const tasks = program.command('tasks').description('asynchronous invocations whose state is kept')

  tasks
    .command('list', { isDefault: true })
    .description('tasks of a function, the newest first')
    .argument('<function>', 'function or service/function')
    .option(...QUALIFIER)
    .option('--status <status>', 'only those in it: Enqueued, Running, Retrying, Succeeded, Failed, Stopped, …')
    .option('--prefix <text>', 'only those whose id begins with it')
    .action(async (name: string, options: ListOptions, command: Command) => {
      const { client, output } = contextOf(command)
      const documents = await listTasks(client(), parseFunctionRef(name), { ...options })
      output.table(documents, documents.map(row), COLUMNS, 'no tasks; `sluice invoke --async --task-id` makes one')
    })

  tasks
    .command('get')
    .description('one task: what it was given, what it answered, and its life')
    .argument('<function>', 'function or service/function')
    .argument('<task>', 'its id')
    .option(...QUALIFIER)
    .action(async (name: string, taskId: string, { qualifier }: TaskOptions, command: Command) => {
      const { client, output } = contextOf(command)
      const task = await getTask(client(), parseFunctionRef(name), taskId, qualifier)
      output.result(task, describe(task))
    })

  tasks
    .command('stop')
    .description('stop a task: one that waits is not run, one that runs is ended')
    .argument('<function>', 'function or service/function')
    .argument('<task>', 'its id')
    .option(...QUALIFIER)
    .action(async (name: string, taskId: string, { qualifier }: TaskOptions, command: Command) => {
      const { client, output } = contextOf(command)
      await stopTask(client(), parseFunctionRef(name), taskId, qualifier)
      output.result({ taskId, stopped: true }, `stopping ${taskId}`)
    })
}

const timeOf = (timeMs: unknown) => formatTime(numberOf(timeMs))

function row({ taskId, status, startedTime, durationMs, alreadyRetriedTimes, taskErrorMessage }: Json): Json {
  return {
    task: taskId,
    status,
    accepted: timeOf(startedTime),
    duration: formatDuration(numberOf(durationMs)),
    retries: String(numberOf(alreadyRetriedTimes)),
    error: textOf(taskErrorMessage),
  }
}

function describe(task: Json): string {
  const fields: [string, string][] = [
    ['task', textOf(task['taskId'])],
    ['status', textOf(task['status'])],
    ['request id', textOf(task['requestId'])],
    ['retries', String(numberOf(task['alreadyRetriedTimes']))],
    ['destination', textOf(task['destinationStatus'])],
    ['error', textOf(task['taskErrorMessage'])],
    ['event', textOf(task['taskPayload'])],
    ['answer', textOf(task['returnPayload'])],
  ]
  const events = objectsOf(task['events']).map(({ timestamp, status, eventDetail }) =>
    `  ${timeOf(timestamp)}  ${textOf(status)} ${textOf(eventDetail)}`.trimEnd(),
  )
  const lines = fields.filter(([, value]) => value !== '').map(([name, value]) => `${name.padEnd(12)}${value}`)
  return [...lines, ...events].map((line) => printable(line, false)).join('\n')
}
