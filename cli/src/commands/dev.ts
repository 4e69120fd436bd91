import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { probe } from '../client.ts'
import type { AddCommand, Context } from '../context.ts'
import { createChanges, type Watched } from '../dev/changes.ts'
import { CliError, exitCodes, messageOf } from '../errors.ts'
import { followLines, followRecords } from '../follow.ts'
import { type FunctionRef, refKey } from '../function-ref.ts'
import { createIgnore, type Ignore } from '../ignore.ts'
import { formatLine, formatRecord } from '../log-format.ts'
import type { Plan } from '../template/plan.ts'
import { readTemplate } from '../template/read.ts'
import { readIgnore } from '../zip.ts'
import { describeDeployed, runDeploy, templateFile } from './deploy.ts'

/** How often a platform that does not answer is tried again. */
const RETRY_MS = 1_000

export const addDev: AddCommand = (program, contextOf) => {
  program
    .command('dev')
    .description('deploy, deploy again after every save, and show invocations and logs as they come')
    .argument('[folder]', 'folder with s.yaml', '.')
    .option('-t, --template <file>', 's.yaml to deploy')
    .action(async (folder: string, options: { template?: string }, command) => {
      const context = contextOf(command)
      await develop(context, templateFile(context, folder, options.template))
    })
}

async function develop(context: Context, file: string): Promise<void> {
  const { output, terminal } = context
  const followed = createFollowed(context)
  const changes = createChanges((message) => output.warn(message))
  let wasDescribed = false
  const stopped = new Promise<void>((resolve) =>
    terminal.signal.addEventListener('abort', () => resolve(), { once: true }),
  )

  changes.watch([{ path: file, ignore: null }])
  while (!terminal.signal.aborted) {
    let isUnreachable = false
    try {
      const plan = await readTemplate(file, terminal.environment)
      changes.watch([{ path: file, ignore: null }, ...(await codeOf(plan, dirname(file)))])
      const deployed = await runDeploy(context, plan)
      const isNew = !wasDescribed || deployed.functions.some(({ action }) => action === 'created')
      output.item({ deployed }, isNew ? describeDeployed(deployed, output) : namesOf(plan))
      if (!wasDescribed) output.note(`watching ${file} and its code; Ctrl+C ends`)
      wasDescribed = true
      followed.add(plan.functions.map(({ ref }) => ref))
    } catch (error) {
      const failure = error instanceof CliError ? error : new CliError(messageOf(error))
      isUnreachable = failure.exitCode === exitCodes.unreachable
      output.error(failure)
    }
    await Promise.race([isUnreachable ? reachable(context) : changes.next(), stopped])
  }
  changes.close()
}

/** Resolves once the platform answers. */
async function reachable({ client, terminal }: Context): Promise<void> {
  const { endpoint } = client()
  while (!terminal.signal.aborted) {
    await sleep(RETRY_MS, undefined, { signal: terminal.signal }).catch(() => undefined)
    const answers = await probe(endpoint).then(
      ({ status }) => status === 200,
      () => false,
    )
    if (answers) return
  }
}

const namesOf = (plan: Plan) => plan.functions.map(({ ref }) => refKey(ref).replace('$', '/')).join(', ')

async function codeOf(plan: Plan, templateFolder: string): Promise<Watched[]> {
  const built = plan.functions.flatMap(({ build }) => build.map(({ folder }) => folder))
  const packed = plan.functions.flatMap(({ build, code }) =>
    build.length === 0 && code.kind === 'path' ? [code.path] : [],
  )
  const watched = [
    ...[...new Set(built)].map(async (path) => ({ path, ignore: await readBuildIgnore(path, templateFolder) })),
    ...[...new Set(packed)].map(async (path) => {
      const isFolder = await stat(path).then(
        (stats) => stats.isDirectory(),
        () => false,
      )
      return { path, ignore: isFolder ? await readIgnore(path) : null }
    }),
  ]
  return Promise.all(watched)
}

/** What a build writes is no reason to build again; .gitignore names it. */
async function readBuildIgnore(folder: string, templateFolder: string): Promise<Ignore> {
  const files = [join(templateFolder, '.gitignore'), join(folder, '.gitignore'), join(folder, '.fcignore')]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  return createIgnore(texts.join('\n'))
}

/** Shows lines and records of functions, each from when it was first deployed here. */
function createFollowed({ client, output, terminal }: Context): { add(refs: readonly FunctionRef[]): void } {
  const followed = new Set<string>()
  const isTerminal = terminal.stdout.isTTY === true
  const options = {
    signal: terminal.signal,
    onLost: (reason: string) => output.note(`connection lost (${reason}); trying again`),
    onDropped: (count: number) => output.warn(`${count} lines were left out: they came too fast`),
  }
  const quiet = { ...options, onLost: () => {} }
  return {
    add(refs) {
      for (const ref of refs) {
        const key = refKey(ref)
        if (followed.has(key)) continue
        followed.add(key)
        const lines = followLines(client(), { ref }, { fromMs: Date.now(), tail: 0 }, options, (line) => {
          // The records below say when an invocation began and how it ended.
          if (line['stream'] !== 'system') output.item({ line }, formatLine(line, output, { isTerminal }))
        })
        const records = followRecords(client(), ref, quiet, (record) =>
          output.item({ record }, formatRecord(record, output)),
        )
        Promise.all([lines, records]).catch((error: unknown) => {
          followed.delete(key)
          output.warn(`no logs of ${key}: ${messageOf(error)}`)
        })
      }
    },
  }
}
