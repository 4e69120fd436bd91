/** What a developer waits for: `sluice deploy` of a changed function, then its first answer. */
import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { waitUntilAnswers } from '../http.ts'
import type { Platform } from '../platform.ts'
import { usePlatform, type RowContext, type RunRow } from './row.ts'

const cli = fileURLToPath(import.meta.resolve('../../../cli/bin/sluice.cjs'))
const sample = fileURLToPath(import.meta.resolve('../../../samples/hello-nodejs'))
const FUNCTION_NAME = 'hello-nodejs'
const DEPLOY_MS_MAX = 60_000
const run = promisify(execFile)

export const deploy: RunRow = async (context) => {
  if (!existsSync(cli)) return context.say('deploy: left out, there is no command line yet')
  for (let round = 0; round < context.options.rounds; round++) await measureFreshDeploy(context)
}

async function measureFreshDeploy(context: RowContext): Promise<void> {
  const project = mkdtempSync(join(tmpdir(), 'sluice-bench-project-'))
  try {
    cpSync(sample, project, { recursive: true })
    await usePlatform(context, {}, (platform) => measure(context, platform, project))
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
}

async function measure({ record, say }: RowContext, platform: Platform, project: string): Promise<void> {
  say('sluice deploy')
  const env = { ...process.env, SLUICE_DATA_DIR: platform.dataDir, SLUICE_PORT: String(platform.port) }
  const startedMs = performance.now()
  await run(process.execPath, [cli, 'deploy'], { cwd: project, env, timeout: DEPLOY_MS_MAX })
  const deployedMs = performance.now()
  const endpoint = await platform.endpointOf(FUNCTION_NAME)
  await waitUntilAnswers(endpoint, DEPLOY_MS_MAX, () => null)
  const add = (metric: string, value: number) => record({ row: 'deploy', subject: 'sluice', metric, unit: 'ms', value })
  add('deploy', deployedMs - startedMs)
  add('deploy to first answer', performance.now() - startedMs)
}
