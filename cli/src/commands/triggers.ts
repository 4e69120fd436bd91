import type { AddCommand } from '../context.ts'
import { parseFunctionRef, refKey } from '../function-ref.ts'
import { type Json, objectsOf, textOf } from '../json.ts'

const COLUMNS = ['trigger', 'function', 'type', 'qualifier', 'last run', 'next run']

export const addTriggers: AddCommand = (program, contextOf) => {
  program
    .command('triggers')
    .description('what starts functions, and when timers ran and will run')
    .argument('[function]', 'function or service/function')
    .action(async (name: string | undefined, _options, command) => {
      const { client, output } = contextOf(command)
      const query = { function: name === undefined ? undefined : refKey(parseFunctionRef(name)) }
      const answer = await client().json({ action: 'ListAllTriggers', path: '/sluice/v1/triggers', query })
      const documents = objectsOf(answer['triggers'])
      output.table(documents, documents.map(row), COLUMNS, 'no triggers')
    })
}

function row({ triggerName, function: functionKey, triggerType, qualifier, lastRunTime, nextRunTime }: Json): Json {
  return {
    trigger: triggerName,
    function: textOf(functionKey).replace('$', '/'),
    type: triggerType,
    qualifier,
    'last run': textOf(lastRunTime),
    'next run': textOf(nextRunTime),
  }
}
