/** What the platform says on the terminal when it starts, or cannot. */
import type { Config } from './config.ts'
import { environmentName, flagName, objectsPort } from './config.ts'
import { FolderInUseError } from './folder-lock.ts'

interface Started {
  port: number
  accountId: string
  sandboxNotice: string | null
  runtimes: { language: string; version: string }[]
}

const isColoured = process.stdout.isTTY && !process.env['NO_COLOR']
const paint = (code: number, text: string) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text)

/** `consoleLink`: signs in whoever opens it, so it is for a person's terminal alone; null where the output may be kept. */
export function banner(config: Config, platform: Started, consoleLink: string | null): string {
  const url = `http://${config.publicHost}:${platform.port}`
  const rows = [
    ['console', `${url}/console/`],
    ['endpoint', url],
    ['objects', `http://${config.publicHost}:${objectsPort(config)}`],
    ['account', platform.accountId],
    ['credentials', `${config.dataDir}/credentials.json`],
    ['runtimes', describeRuntimes(platform.runtimes)],
  ]
  const lines = rows.map(([name, value]) => `  ${paint(2, name!.padEnd(12))} ${value}`)
  if (platform.sandboxNotice) lines.push('', `  ${paint(33, 'note')}         ${platform.sandboxNotice}`)
  // The link begins its line: on a terminal of 80 columns it then fits.
  if (consoleLink !== null)
    lines.push('', '  Open the console: this link signs you in, once, within 5 minutes', consoleLink)
  const head = `${paint(1, 'Sluice is ready')} in ${Math.round(performance.now())} ms`
  const hint = '  sign in: npx sluice console    try: npx sluice list    stop: Ctrl-C'
  return `${[head, ...lines, '', hint].join('\n')}\n`
}

/** `nodejs (26.10.0, 18.20.8), python (3.11.2)`. */
function describeRuntimes(runtimes: Started['runtimes']): string {
  return [...Map.groupBy(runtimes, ({ language }) => language)]
    .map(([language, found]) => {
      const versions = found.map(({ version }) => version).filter((version) => version !== '')
      return versions.length === 0 ? language : `${language} (${versions.join(', ')})`
    })
    .join(', ')
}

/** What the system says of a data folder that cannot be made or written. */
const FOLDER_PROBLEMS = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ENOSPC'])

/** A start that failed, with the setting or command that helps. */
export function explainStartFailure(thrown: unknown, config: Config): string {
  if (thrown instanceof FolderInUseError) {
    return `sluice: ${thrown.message}; stop that one, or give this one a folder of its own with ${flagName('dataDir')} or ${environmentName('dataDir')}\n`
  }
  const error = thrown as NodeJS.ErrnoException & { port?: number }
  if (error.code === 'EADDRINUSE') {
    const setting = error.port === objectsPort(config) ? 'objectsPort' : 'port'
    return `sluice: port ${error.port ?? config.port} on ${config.host} is in use; free it, or move with ${flagName(setting)} or ${environmentName(setting)}\n`
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `sluice: cannot listen on '${config.host}': this machine has no such address; see ${flagName('host')} or ${environmentName('host')}\n`
  }
  if (FOLDER_PROBLEMS.has(String(error.code))) {
    return `sluice: ${error.message}; the data folder is set by ${flagName('dataDir')} or ${environmentName('dataDir')}\n`
  }
  const defect = error instanceof Error && config.logLevel === 'debug' ? error.stack : undefined
  return `sluice: cannot start: ${defect ?? (error instanceof Error ? error.message : String(thrown))}\n`
}
