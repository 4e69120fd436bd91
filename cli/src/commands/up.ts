import type { AddCommand } from '../context.ts'
import { runPlatform } from '../platform-process.ts'

export const addUp: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('up')
    .description('start the platform in the foreground')
    .argument('[flags...]', 'settings for this run, such as --port 7900; `sluice config` lists them')
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (flags: string[], _options, command) => {
      setExitCode(await runPlatform(flags, contextOf(command).terminal))
    })
}
