import { getFunction, listAliases, listRuntimes, listTriggers, listVersions } from '../api.ts'
import type { AddCommand } from '../context.ts'
import { parseFunctionRef, showRef } from '../function-ref.ts'
import { type Json, listOf, numberOf, objectOf, textOf } from '../json.ts'
import { formatSize, formatTable, type Output, printable } from '../output.ts'
import { interpreterOf } from '../runtimes/describe.ts'
import { triggerTarget } from './list.ts'

export const addInfo: AddCommand = (program, contextOf) => {
  program
    .command('info')
    .description('everything about one function')
    .argument('<function>', 'function or service/function')
    .option('-q, --qualifier <name>', 'version or alias; LATEST when absent')
    .action(async (name: string, options: { qualifier?: string }, command) => {
      const { client: connect, output } = contextOf(command)
      const ref = parseFunctionRef(name)
      const client = connect()
      const details = await getFunction(client, ref, options.qualifier)
      const [triggers, versions, aliases, runtimes] = await Promise.all([
        listTriggers(client, ref),
        listVersions(client, ref),
        listAliases(client, ref),
        listRuntimes(client),
      ])
      const document = { ...details, triggers, versions, aliases }
      const interpreter = interpreterOf(textOf(details['runtime']), runtimes)
      output.result(document, describe(showRef(ref), interpreter, details, { triggers, versions, aliases }, output))
    })
}

function describe(
  name: string,
  interpreter: string,
  details: Json,
  more: Record<'triggers' | 'versions' | 'aliases', Json[]>,
  output: Output,
): string {
  const rows: [string, string][] = [
    ['name', name],
    ['runtime', textOf(details['runtime'])],
    ['interpreter', interpreter],
    ['handler', textOf(details['handler'])],
    ['memory', `${textOf(details['memorySize'])} MB`],
    ['cpu', `${textOf(details['cpu'])} cores`],
    ['timeout', `${textOf(details['timeout'])} s`],
    ['concurrency', `${textOf(details['instanceConcurrency'])} per instance`],
    ['code', `${formatSize(numberOf(details['codeSize']))}, checksum ${textOf(details['codeChecksum']) || 'none'}`],
    ['layers', listOf(details['layers']).map(layerArn).join(', ')],
    // Values may be secrets: they are for --json only.
    ['environment', Object.keys(objectOf(details['environmentVariables'])).join(', ')],
    ['description', textOf(details['description'])],
    ['modified', textOf(details['lastModifiedTime'])],
    ['versions', more.versions.map((version) => textOf(version['versionId'])).join(', ')],
    [
      'aliases',
      more.aliases.map((alias) => `${textOf(alias['aliasName'])} → ${textOf(alias['versionId'])}`).join(', '),
    ],
    ...more.triggers.map((trigger): [string, string] => [
      'trigger',
      `${textOf(trigger['triggerType'])} ${textOf(trigger['triggerName'])} ${triggerTarget(trigger)}`,
    ]),
  ]
  const shown = rows.filter(([, value]) => value !== '').map(([key, value]) => [key, printable(value, false)])
  return formatTable(shown, true)
    .split('\n')
    .map((line) => line.replace(/^\S+/, (key) => output.style('dim', key)))
    .join('\n')
}

/** Layers are objects with an ARN in 3.0, and ARNs in 2.0. */
function layerArn(layer: unknown): string {
  return textOf(layer) || textOf(objectOf(layer)['arn'])
}
