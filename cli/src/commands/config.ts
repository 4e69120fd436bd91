import type { AddCommand } from '../context.ts'
import { runPlatform } from '../platform-process.ts'

export const addConfig: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('config')
    .description('show the settings the platform would start with, and where each comes from')
    .argument('[flags...]', 'settings as for `up`')
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (flags: string[], _options, command) => {
      const context = contextOf(command)
      const json = context.output.json ? ['--json'] : []
      setExitCode(await runPlatform(['config', ...json, ...flags], context.terminal))
    })
}
