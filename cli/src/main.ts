/** The `sluice` command. */
import { enableCompileCache } from 'node:module'
import { run } from './program.ts'

enableCompileCache()

// `sluice list | head` closes the pipe early; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  folder: process.cwd(),
  // Ctrl+C ends the process itself.
  signal: new AbortController().signal,
  beforeEnd(restore) {
    const forget = () => SIGNALS.forEach((signal) => process.off(signal, end))
    const end = (signal: NodeJS.Signals) => {
      forget()
      restore()
      process.kill(process.pid, signal)
    }
    SIGNALS.forEach((signal) => process.on(signal, end))
    return forget
  },
})
