import { ifExists, listFunctions, listInstances } from '../api.ts'
import type { AddCommand } from '../context.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { type Json, numberOf, textOf } from '../json.ts'
import { formatDuration } from '../output.ts'
import { mapParallel } from '../parallel.ts'

export const addInstances: AddCommand = (program, contextOf) => {
  program
    .command('instances')
    .description('what runs now, of one function or of all')
    .argument('[function]', 'function or service/function')
    .action(async (name: string | undefined, _options, command) => {
      const { client: connect, output } = contextOf(command)
      const client = connect()
      const names =
        name === undefined ? (await listFunctions(client)).map(({ functionName }) => textOf(functionName)) : [name]
      const lists = await mapParallel(names, (each) => {
        const instances = listInstances(client, parseFunctionRef(each))
        // One of all may have been removed meanwhile.
        return name === undefined ? ifExists(instances, 'FunctionNotFound') : instances
      })
      const documents = lists.flatMap((list, i) =>
        (list ?? []).map((instance) => ({ functionName: names[i]!, ...instance })),
      )
      const nowMs = Date.now()
      const columns = ['instance', 'function', 'version', 'status', 'started', 'age']
      const rows = documents.map((document) => row(document, nowMs))
      output.table(documents, rows, columns, 'no instances; the next request starts one')
    })
}

function row(instance: Json, nowMs: number): Json {
  const { functionName, instanceId, versionId, qualifier, status, resourceType, createdTimeMs } = instance
  const version = textOf(versionId) === '0' ? 'LATEST' : textOf(versionId)
  const alias = textOf(qualifier)
  return {
    instance: instanceId,
    function: textOf(functionName).replace('$', '/'),
    version: alias === '' || alias === version ? version : `${version} (${alias})`,
    status: textOf(status).toLowerCase(),
    started: textOf(resourceType) === 'Provisioned' ? 'by setting' : 'by a request',
    age: formatDuration(Math.max(0, nowMs - numberOf(createdTimeMs))),
  }
}
