import { dataFolder } from '../connection.ts'
import type { AddCommand } from '../context.ts'
import type { Check } from '../doctor/check.ts'
import { checkIsolation } from '../doctor/isolation.ts'
import { gatherIsolationFacts } from '../doctor/isolation-facts.ts'
import { checkDataFolder, checkNode, checkPython, checkSpace } from '../doctor/machine.ts'
import { checkDatabase, checkPlatform } from '../doctor/platform.ts'
import { exitCodes } from '../errors.ts'
import { type Output, printable } from '../output.ts'

const STYLES = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export const addDoctor: AddCommand = (program, contextOf, setExitCode) => {
  program
    .command('doctor')
    .description('check this machine and the platform, and say what to do')
    .action(async (_options, command) => {
      const { client, output, terminal } = contextOf(command)
      const { environment } = terminal
      const folder = dataFolder(environment)
      const found = await Promise.all([
        checkPython(environment),
        checkDataFolder(folder),
        checkSpace(folder),
        checkDatabase(environment),
        gatherIsolationFacts(environment).then(checkIsolation),
        checkPlatform(client()),
      ])
      const checks = [checkNode(), ...found.flat()]
      output.result(checks, checks.map((check) => describe(check, output)).join('\n'))
      if (checks.some(({ status }) => status === 'fail')) setExitCode(exitCodes.failure)
    })
}

function describe({ name, status, detail, fix }: Check, output: Output): string {
  const line = `${output.style(STYLES[status], status.padEnd(4))}  ${name.padEnd(18)} ${printable(detail, false)}`
  return fix === undefined ? line : `${line}\n${' '.repeat(25)}${output.style('dim', `→ ${fix}`)}`
}
