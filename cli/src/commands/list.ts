import { Argument } from 'commander'
import { listDomains, listFunctions, listRuntimes, listServices, listTriggers } from '../api.ts'
import type { Client } from '../client.ts'
import type { AddCommand } from '../context.ts'
import { triggerUrl } from '../deploy/deploy.ts'
import { parseFunctionRef } from '../function-ref.ts'
import { type Json, numberOf, objectOf, objectsOf, parseObject, textOf } from '../json.ts'
import { formatSize } from '../output.ts'
import { mapParallel } from '../parallel.ts'
import { interpreterOf } from '../runtimes/describe.ts'

interface Listing {
  columns: string[]
  /** As the platform answers them. */
  read: (client: Client) => Promise<Json[]>
  /** What of a document a table shows; `runtimes`: of this platform. */
  rows: (document: Json, runtimes: readonly Json[]) => Json[]
  empty: string
}

const listings = {
  functions: {
    columns: ['name', 'runtime', 'interpreter', 'memory', 'timeout', 'code', 'modified'],
    read: listFunctions,
    rows: functionRows,
    empty: 'no functions yet; make one with `sluice init`',
  },
  services: {
    columns: ['name', 'description', 'modified'],
    read: listServices,
    rows: serviceRows,
    empty: 'no services (FC 2.0)',
  },
  triggers: {
    columns: ['function', 'trigger', 'type', 'qualifier', 'target'],
    read: listAllTriggers,
    rows: triggerRows,
    empty: 'no triggers',
  },
  domains: {
    columns: ['domain', 'protocol', 'path', 'function', 'qualifier'],
    read: listDomains,
    rows: domainRows,
    empty: 'no custom domains',
  },
} satisfies Record<string, Listing>

export const addList: AddCommand = (program, contextOf) => {
  program
    .command('list')
    .description('what is deployed')
    .addArgument(new Argument('[what]').choices(Object.keys(listings)).default('functions'))
    .action(async (what: keyof typeof listings, _options, command) => {
      const { client: connect, output } = contextOf(command)
      const { read, rows, columns, empty }: Listing = listings[what]
      const client = connect()
      const documents = await read(client)
      const runtimes = what === 'functions' ? await listRuntimes(client) : []
      const shown = documents.flatMap((document) => rows(document, runtimes))
      output.table(documents, shown, columns, empty)
    })
}

function serviceRows(service: Json): Json[] {
  const { serviceName: name, description, lastModifiedTime: modified } = service
  return [{ name, description, modified }]
}

function functionRows(item: Json, runtimes: readonly Json[]): Json[] {
  return [
    {
      name: textOf(item['functionName']).replace('$', '/'),
      runtime: item['runtime'],
      interpreter: interpreterOf(textOf(item['runtime']), runtimes),
      memory: `${textOf(item['memorySize'])} MB`,
      timeout: `${textOf(item['timeout'])} s`,
      code: formatSize(numberOf(item['codeSize'])),
      modified: item['lastModifiedTime'],
    },
  ]
}

/** Every trigger, with the name of its function added. */
async function listAllTriggers(client: Client): Promise<Json[]> {
  const names = (await listFunctions(client)).map(({ functionName }) => textOf(functionName))
  const lists = await mapParallel(names, (name) => listTriggers(client, parseFunctionRef(name)))
  return lists.flatMap((list, i) => list.map((trigger) => ({ functionName: names[i]!, ...trigger })))
}

function triggerRows(trigger: Json): Json[] {
  return [
    {
      function: textOf(trigger['functionName']).replace('$', '/'),
      trigger: trigger['triggerName'],
      type: trigger['triggerType'],
      qualifier: trigger['qualifier'],
      target: triggerTarget(trigger),
    },
  ]
}

/** Where a trigger's events come from: its address, its schedule, or its source. */
export function triggerTarget(trigger: Json): string {
  const config = parseObject(textOf(trigger['triggerConfig']))
  return triggerUrl(trigger) ?? (textOf(config['cronExpression']) || textOf(trigger['sourceArn']))
}

function domainRows(domain: Json): Json[] {
  return objectsOf(objectOf(domain['routeConfig'])['routes']).map((route) => ({
    domain: domain['domainName'],
    protocol: domain['protocol'],
    path: route['path'],
    function: textOf(route['functionName']).replace('$', '/'),
    qualifier: textOf(route['qualifier']) || 'LATEST',
  }))
}
