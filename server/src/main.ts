/** argv and environment → configuration → platform → signal → end. `main.ts config` prints the settings instead. */
import { join } from 'node:path'
import { pino } from 'pino'
import packageFile from '../package.json' with { type: 'json' }
import { ConfigError, describeConfig, loadConfig, type LoadedConfig } from './config.ts'
import { findRuntimes } from './instances/runtimes.ts'
import { printConfig } from './print-config.ts'
import { deploySamples } from './samples.ts'
import { banner, explainStartFailure } from './terminal.ts'

const [first, ...rest] = process.argv.slice(2)
const isConfigCommand = first === 'config'
const asJson = process.argv.includes('--json')
const argv = (isConfigCommand ? rest : process.argv.slice(2)).filter((argument) => argument !== '--json')

let loaded: LoadedConfig
try {
  loaded = loadConfig(argv, process.env, process.cwd())
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`sluice: ${error.message}\n`)
  process.exit(2)
}
if (isConfigCommand) {
  printConfig(describeConfig(loaded), loaded.file, asJson)
  process.exit(0)
}

/** What runs when the platform is told to stop may go on this long. */
const STOP_GRACE_MS = 10_000

const { config } = loaded
// What functions print goes to the log store; this is what the platform has to say about itself.
const log = pino({ level: config.logLevel, base: null }, process.stderr)
// Whoever starts us over an IPC channel hears when we are ready, and by leaving says that nobody waits for anything.
const parentLeft = process.send ? new Promise((resolve) => process.once('disconnect', resolve)) : null
// Asked before the rest is loaded: the python3 of a version manager takes as long to answer as that.
const finding = findRuntimes({ path: process.env['PATH'] ?? '', directory: join(config.dataDir, 'interpreters') })
const { startPlatform } = await import('./compose.ts')
try {
  const platform = await startPlatform(loaded, packageFile.version, log, finding)
  // Whoever reads a log is not to get in by it.
  const consoleLink = process.stdout.isTTY ? platform.issueConsoleLink() : null
  process.stdout.write(banner(config, platform, consoleLink))
  let isStopping = false
  const stop = (reason: string, graceMs = STOP_GRACE_MS) => {
    isStopping = true
    log.info(`${reason}: stopping`)
    platform.close(graceMs).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  // Whoever ends a whole process group sends it more than once; a person who presses Ctrl-C again does not want to wait.
  process.on('SIGTERM', (signal) => isStopping || stop(signal))
  process.on('SIGINT', (signal) => (isStopping ? process.exit(130) : stop(signal)))
  if (process.connected) process.send?.('ready')
  void parentLeft?.then(() => isStopping || stop('the process that started the platform has gone', 0))
  if (platform.isFirstStart && config.samples === 'on') await deploySamples(config, platform.port, process.stdout)
} catch (error) {
  process.stderr.write(explainStartFailure(error, config))
  process.exit(error instanceof ConfigError ? 2 : 1)
}
