/** The first start deploys the samples with the `sluice` command, as a user would. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Config } from './config.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const DEPLOY_MS_MAX = 60_000

/** Left in the data folder, so that who removes the samples does not get them again. */
const DONE_FILE = 'samples-deployed'

/** Deploys each folder of `samples/` that has an `s.yaml`, once; a sample that fails is told and the others go on. */
export async function deploySamples(config: Config, port: number, output: NodeJS.WritableStream): Promise<void> {
  const folder = join(root, 'samples')
  const command = join(root, 'cli', 'bin', 'sluice.cjs')
  if (!existsSync(folder) || !existsSync(command)) return
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 's.yaml')))
  const done = join(config.dataDir, DONE_FILE)
  if (names.length === 0 || existsSync(done)) return
  writeFileSync(done, '')
  output.write('\nFirst start: deploying the samples\n')
  for (const name of names) {
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [command, 'deploy', join(folder, name), '--json'],
        {
          timeout: DEPLOY_MS_MAX,
          env: { ...process.env, SLUICE_ENDPOINT: `http://127.0.0.1:${port}`, SLUICE_DATA_DIR: config.dataDir },
        },
      )
      output.write(`  ${name.padEnd(16)} ${firstUrl(stdout) ?? `npx sluice invoke ${name}`}\n`)
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string }
      output.write(`  ${name.padEnd(16)} failed: ${(stderr || message).trim().split('\n').at(-1)}\n`)
    }
  }
}

function firstUrl(json: string): string | undefined {
  return /"(http:\/\/[^"]+)"/.exec(json)?.[1]
}
