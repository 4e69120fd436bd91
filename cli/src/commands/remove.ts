import { createInterface } from 'node:readline/promises'
import { removeDomain, removeFunction, removeService } from '../api.ts'
import type { Client } from '../client.ts'
import type { AddCommand, Context } from '../context.ts'
import { CliError, exitCodes, usageError } from '../errors.ts'
import { parseFunctionRef, showRef } from '../function-ref.ts'
import type { Plan } from '../template/plan.ts'
import { readTemplate } from '../template/read.ts'
import { templateFile } from './deploy.ts'

interface RemoveOptions {
  service?: string
  template?: string
  yes?: boolean
}

interface Target {
  name: string
  /** False when it was not there. */
  remove(client: Client): Promise<boolean>
}

export const addRemove: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('remove')
    .description('remove functions with their triggers, aliases and versions')
    .argument('[function...]', 'functions, service/function, or s.yaml')
    .option('--service <name>', 'a service (FC 2.0) with all its functions')
    .option('-t, --template <file>', 'everything that this s.yaml describes')
    .option('-y, --yes', 'do not ask')
    .action(async (names: string[], options: RemoveOptions, command) => {
      const context = contextOf(command)
      const targets = await findTargets(context, names, options)
      if (!options.yes && !(await confirm(context, targets))) {
        context.output.note('nothing was removed')
        return setExitCode(exitCodes.failure)
      }
      const client = context.client()
      const removed: string[] = []
      const missing: string[] = []
      for (const target of targets) {
        const step = context.output.step(`removing ${target.name}`)
        const wasThere = await target.remove(client)
        ;(wasThere ? removed : missing).push(target.name)
        step.clear()
      }
      if (removed.length === 0) throw new CliError(`not found: ${missing.join(', ')}`, exitCodes.notFound)
      const lines = [...removed.map((name) => `removed ${name}`), ...missing.map((name) => `was not there: ${name}`)]
      context.output.result({ removed, missing }, lines.join('\n'))
    })
}

async function findTargets(context: Context, names: string[], { service, template }: RemoveOptions): Promise<Target[]> {
  const targets: Target[] = []
  for (const name of names) {
    if (/\.ya?ml$/.test(name)) targets.push(...(await templateTargets(context, name)))
    else targets.push(functionTarget(name))
  }
  if (template !== undefined) targets.push(...(await templateTargets(context, template)))
  if (service !== undefined) targets.push(serviceTarget(service))
  if (targets.length === 0) throw usageError('name a function, --service or s.yaml to remove')
  return targets
}

async function templateTargets(context: Context, file: string): Promise<Target[]> {
  const plan: Plan = await readTemplate(templateFile(context, file, file), context.terminal.environment)
  return [
    ...plan.domains.map(({ domainName }) => ({
      name: `domain ${domainName}`,
      remove: (client: Client) => removeDomain(client, domainName),
    })),
    ...plan.functions.filter(({ ref }) => ref.service === null).map(({ ref }) => functionTarget(showRef(ref))),
    ...plan.services.map(({ name }) => serviceTarget(name)),
  ]
}

function functionTarget(text: string): Target {
  const ref = parseFunctionRef(text)
  return { name: `function ${showRef(ref)}`, remove: (client) => removeFunction(client, ref) }
}

function serviceTarget(service: string): Target {
  if (parseFunctionRef(service).service !== null) throw usageError(`--service: '${service}' is no service name`)
  return { name: `service ${service}`, remove: (client) => removeService(client, service) }
}

/** Asks on the terminal; without one, throws a usage error that names -y. */
export async function confirm({ terminal, output }: Context, targets: readonly { name: string }[]): Promise<boolean> {
  const list = targets.map(({ name }) => name).join(', ')
  if (!terminal.stdin.isTTY || output.json)
    throw usageError(`would remove ${list}`, 'without a terminal, confirm with -y')
  const prompt = createInterface({ input: terminal.stdin, output: terminal.stderr })
  try {
    // Ctrl+D closes the prompt without an answer.
    const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
    const answer = await Promise.race([prompt.question(`Remove ${list}? [y/N] `), closed])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
