import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Option } from 'commander'
import type { AddCommand, Context } from '../context.ts'
import { runBuild } from '../deploy/build.ts'
import { type Deployed, deploy } from '../deploy/deploy.ts'
import { usageError } from '../errors.ts'
import { showRef } from '../function-ref.ts'
import { formatSize, type Output } from '../output.ts'
import { type FunctionFlags, planFromFlags } from '../template/flags.ts'
import type { Plan } from '../template/plan.ts'
import { readTemplate } from '../template/read.ts'

export interface DeployOptions extends FunctionFlags {
  template?: string
  code?: string
  skipActions?: boolean
}

const collect = (value: string, before: string[] = []) => [...before, value]

export const addDeploy: AddCommand = (program, contextOf) => {
  program
    .command('deploy')
    .description('create or update what s.yaml describes, or one function by flags')
    .argument('[folder]', 'folder with s.yaml, or with the code when --name is given')
    .option('-t, --template <file>', 's.yaml to deploy')
    .option('--skip-actions', 'do not run the build commands of s.yaml (actions: pre-deploy)')
    .option('--name <function>', 'without s.yaml: function or service/function')
    .option('--runtime <runtime>', 'nodejs20, python3.10, custom, …')
    .option('--handler <handler>', 'such as index.handler')
    .option('--code <path>', 'folder, .zip or .jar')
    .addOption(new Option('--memory <MB>', 'memory of an instance').argParser(wholeNumber('--memory')))
    .addOption(new Option('--timeout <seconds>', 'longest invocation').argParser(wholeNumber('--timeout')))
    .addOption(
      new Option('--concurrency <n>', 'requests an instance serves at once').argParser(wholeNumber('--concurrency')),
    )
    .option('--description <text>')
    .option('--env <NAME=value>', 'environment variable; repeat for more', collect)
    .option('--http', 'answer HTTP requests of anybody')
    .action(async (folder: string | undefined, options: DeployOptions, command) => {
      const context = contextOf(command)
      const plan = await readPlan(context, folder, options)
      const deployed = await runDeploy(context, options.skipActions ? withoutBuild(plan) : plan)
      context.output.result(deployed, describeDeployed(deployed, context.output))
    })
}

function wholeNumber(flag: string): (value: string) => number {
  return (value) => {
    if (!/^\d{1,9}$/.test(value)) throw usageError(`${flag}: '${value}' is no whole number`)
    return Number(value)
  }
}

/** The file that `deploy` and `dev` read, for a folder or file as given. */
export function templateFile(context: Context, folder: string, template?: string): string {
  const path = resolve(context.terminal.folder, template ?? folder)
  if (template !== undefined || (existsSync(path) && statSync(path).isFile())) return path
  const file = ['s.yaml', 's.yml'].map((name) => join(path, name)).find((candidate) => existsSync(candidate))
  if (file) return file
  throw usageError(
    `there is no s.yaml in ${path}`,
    'make one with `sluice init`, or give --name, --runtime, --handler and --code',
  )
}

async function readPlan(context: Context, folder: string | undefined, options: DeployOptions): Promise<Plan> {
  if (options.name !== undefined) {
    const code = options.code ?? folder
    return planFromFlags(options, code === undefined ? undefined : resolve(context.terminal.folder, code))
  }
  const { runtime, handler, code, memory, timeout, concurrency, description, env, http } = options
  const flags = Object.entries({ runtime, handler, code, memory, timeout, concurrency, description, env, http })
  const stray = flags.filter(([, value]) => value !== undefined).map(([name]) => `--${name}`)
  if (stray.length > 0) throw usageError(`${stray.join(', ')}: only with --name; otherwise s.yaml decides`)
  return readTemplate(templateFile(context, folder ?? '.', options.template), context.terminal.environment)
}

const withoutBuild = (plan: Plan): Plan => ({
  ...plan,
  functions: plan.functions.map((planned) => ({ ...planned, build: [] })),
})

/** Builds and deploys, with a progress line. */
export async function runDeploy({ output, client, terminal }: Context, plan: Plan): Promise<Deployed> {
  const step = output.step('deploying')
  try {
    for (const { ref, build } of plan.functions) {
      for (const buildStep of build) {
        step.update(`${showRef(ref)}: ${buildStep.command}`)
        await runBuild(showRef(ref), buildStep, terminal.environment, terminal.signal)
      }
    }
    const deployed = await deploy(client(), plan, (text) => step.update(text))
    step.done('deployed')
    for (const warning of deployed.warnings) output.warn(warning)
    return deployed
  } catch (error) {
    step.clear()
    throw error
  }
}

export function describeDeployed(deployed: Deployed, output: Output): string {
  const lines: string[] = []
  for (const { name, action } of deployed.services) lines.push(`${action} service ${output.style('bold', name)}`)
  for (const deployedFunction of deployed.functions) {
    const { name, action, runtime, memoryMB, codeBytes, codeUploaded, triggers } = deployedFunction
    const code = codeBytes === null ? '' : `, code ${formatSize(codeBytes)}${codeUploaded ? '' : ' as before'}`
    lines.push(`${action} ${output.style('bold', name)} (${runtime}, ${memoryMB} MB${code})`)
    for (const trigger of triggers) {
      const where = trigger.url === null ? `${trigger.type} trigger ${trigger.name}` : output.style('cyan', trigger.url)
      lines.push(`  ${where}${trigger.action === 'unchanged' ? '' : ` (${trigger.action})`}`)
    }
    lines.push(`  npx sluice invoke ${name}`)
  }
  for (const { name, action } of deployed.domains) lines.push(`${action} domain ${output.style('bold', name)}`)
  return lines.join('\n')
}
