import { join } from 'node:path'
import type { Client } from '../client.ts'
import { dataFolder } from '../connection.ts'
import type { AddCommand, Context } from '../context.ts'
import { CliError, exitCodes } from '../errors.ts'
import { type Json, objectsOf } from '../json.ts'
import { runtimeRow, versionOf } from '../runtimes/describe.ts'
import { installNode, planInstall } from '../runtimes/npm-node.ts'

const COLUMNS = ['runtime', 'interpreter', 'fit', 'program', 'brought by']

export const addRuntimes: AddCommand = (program, contextOf) => {
  const runtimes = program
    .command('runtimes')
    .description('every runtime, and what runs its functions on this platform')
    .action(async (_options, command) => {
      const { client, output } = contextOf(command)
      const documents = await lookForRuntimes(client())
      output.table(documents, documents.map(runtimeRow), COLUMNS, 'no runtimes')
    })
  runtimes
    .command('install')
    .description('bring the Node.js of a runtime, by npm, into the data folder of the platform on this machine')
    .argument('<runtime>', 'such as nodejs18')
    .action(async (runtime: string, _options, command) => install(runtime, contextOf(command)))
}

/** What is here now: the platform looks again. */
async function lookForRuntimes(client: Client): Promise<Json[]> {
  return objectsOf((await client.json({ action: 'ListRuntimes', path: '/sluice/v1/runtimes' }))['runtimes'])
}

async function install(runtime: string, { client, output, terminal }: Context): Promise<void> {
  const plan = planInstall(runtime, process)
  const directory = join(dataFolder(terminal.environment), 'interpreters')
  const step = output.step(`installing Node.js ${plan.major} (npm install ${plan.packageName}@${plan.major})`)
  const version = await installNode(plan, directory, terminal.environment)
  step.done(`Node.js ${version} is in ${join(directory, plan.name)}`)
  const platform = await tellPlatform(runtime, version, client)
  output.result({ runtime, version, folder: join(directory, plan.name), ...platform }, platform.message)
}

/** Lets a platform that runs find it, so that nobody has to restart it. */
async function tellPlatform(
  runtime: string,
  version: string,
  connect: () => Client,
): Promise<{ isInUse: boolean; message: string }> {
  try {
    const client = connect()
    const found = (await lookForRuntimes(client)).find(({ name }) => name === runtime)
    if (found && versionOf(found) === version) {
      return { isInUse: true, message: `new instances of ${runtime} functions run on Node.js ${version}` }
    }
    const message = `the platform at ${client.endpoint.origin} keeps its data elsewhere and did not find it; set SLUICE_DATA_DIR to its data folder and install again`
    return { isInUse: false, message }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    const why = error.exitCode === exitCodes.unreachable ? 'the platform is not running' : error.message
    return { isInUse: false, message: `${why}; it finds Node.js ${version} when it starts` }
  }
}
