import { resolve } from 'node:path'
import type { Command } from 'commander'
import { deleteLayerVersion, listLayers, listLayerVersions, publishLayer } from '../api.ts'
import type { AddCommand, Context } from '../context.ts'
import { crc64 } from '../crc64.ts'
import { CliError, exitCodes } from '../errors.ts'
import { type Json, defined, listOf, numberOf, textOf } from '../json.ts'
import { formatSize } from '../output.ts'
import { packCode } from '../zip.ts'
import { confirm } from './remove.ts'

interface PublishOptions {
  runtime?: string[]
  description?: string
  license?: string
}

const COLUMNS = ['layer', 'version', 'runtimes', 'code', 'access', 'created']

export const addLayers: AddCommand = (program, contextOf, setExitCode) => {
  const layers = program.command('layers').description('packages that functions share, shown to them at /opt')

  layers
    .command('list', { isDefault: true })
    .description('layers, with the newest version of each')
    .action(async (_options, command: Command) => {
      const { client, output } = contextOf(command)
      const documents = await listLayers(client())
      output.table(documents, documents.map(row), COLUMNS, 'no layers; make one with `sluice layers publish`')
    })

  layers
    .command('versions')
    .description('versions of a layer')
    .argument('<layer>')
    .action(async (name: string, _options, command: Command) => {
      const { client, output } = contextOf(command)
      const documents = await listLayerVersions(client(), name)
      output.table(documents, documents.map(row), COLUMNS, 'no versions')
    })

  layers
    .command('publish')
    .description('make the next version of a layer, and the layer with its first')
    .argument('<layer>')
    .argument('<path>', 'folder or .zip: nodejs/node_modules, python, bin, lib, … as they shall be in /opt')
    .option('--runtime <runtime...>', 'runtimes it is for; any when absent')
    .option('--description <text>')
    .option('--license <text>')
    .action(async (name: string, path: string, options: PublishOptions, command: Command) => {
      const context = contextOf(command)
      const document = await publish(context, name, resolve(context.terminal.folder, path), options)
      const { output } = context
      const size = formatSize(numberOf(document['codeSize']))
      const what = `${output.style('bold', textOf(document['layerName']))} version ${textOf(document['version'])}`
      output.result(document, `published ${what} (${size})\n  ${textOf(document['layerVersionArn'])}`)
    })

  layers
    .command('delete')
    .description('delete versions of a layer; functions that have them keep them')
    .argument('<layer>')
    .argument('<version...>', 'numbers')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, versions: string[], options: { yes?: boolean }, command: Command) => {
      const context = contextOf(command)
      const targets = versions.map((version) => ({ name: `layer ${name} version ${version}` }))
      if (!options.yes && !(await confirm(context, targets))) {
        context.output.note('nothing was removed')
        return setExitCode(exitCodes.failure)
      }
      await removeVersions(context, name, versions)
    })
}

async function publish({ output, client }: Context, name: string, path: string, options: PublishOptions) {
  const step = output.step(`publishing layer ${name}`)
  try {
    const zip = await packCode(path)
    const { runtime, description, license } = options
    const code = { zipFile: zip.toString('base64'), checksum: crc64(zip) }
    return await publishLayer(client(), name, defined({ code, compatibleRuntime: runtime, description, license }))
  } finally {
    step.clear()
  }
}

async function removeVersions(context: Context, name: string, versions: readonly string[]): Promise<void> {
  const client = context.client()
  const removed: string[] = []
  const missing: string[] = []
  for (const version of versions) {
    const wasThere = await deleteLayerVersion(client, name, version)
    ;(wasThere ? removed : missing).push(version)
  }
  const told = (list: readonly string[]) => list.map((version) => `${name} version ${version}`).join(', ')
  if (removed.length === 0) throw new CliError(`not found: ${told(missing)}`, exitCodes.notFound)
  const lines = [`removed ${told(removed)}`, ...(missing.length > 0 ? [`was not there: ${told(missing)}`] : [])]
  context.output.result({ removed, missing }, lines.join('\n'))
}

function row(layer: Json): Json {
  return {
    layer: layer['layerName'],
    version: layer['version'],
    runtimes: listOf(layer['compatibleRuntime']).map(textOf).join(', ') || 'any',
    code: formatSize(numberOf(layer['codeSize'])),
    access: layer['acl'] === '1' ? 'public' : 'private',
    created: layer['createTime'],
  }
}
