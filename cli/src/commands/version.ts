import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AddCommand } from '../context.ts'
import { CliError, exitCodes } from '../errors.ts'
import { parseObject, textOf } from '../json.ts'

/** Only a platform that is there at once is asked. */
const PLATFORM_TIMEOUT_MS = 1_000

export const addVersion: AddCommand = (program, contextOf) => {
  program
    .command('version')
    .description('versions of this command, of Node, and of the platform when it runs')
    .action(async (_options, command) => {
      const { client: connect, output } = contextOf(command)
      const { version } = parseObject(await readFile(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'))
      const client = connect()
      const platform = await client
        .json({ action: 'GetInfo', path: '/sluice/v1/info', timeoutMs: PLATFORM_TIMEOUT_MS })
        .then(
          (info) => textOf(info['version']),
          (error: unknown) => {
            const isThere = !(error instanceof CliError) || error.exitCode !== exitCodes.unreachable
            return isThere ? 'unknown (it refuses this key)' : null
          },
        )
      output.result(
        { sluice: version, node: process.version, platform, endpoint: client.endpoint.origin },
        `sluice ${textOf(version)}, Node ${process.version}, platform ${platform ?? 'not reachable'} (${client.endpoint.origin})`,
      )
    })
}
