import { join } from 'node:path'
import { test } from 'node:test'
import { phpFinder } from '../../src/instances/interpreters/find-php.ts'
import { runtimeContract } from './contract.ts'
import { phpCases } from './php-cases.ts'
import { psr7Cases } from './php-psr7-cases.ts'

const [php] = await phpFinder.find({ path: process.env['PATH'] ?? '', directory: '' })

if (php === undefined) {
  test('php', { skip: `there is no ${phpFinder.program} on PATH` })
} else {
  // Names that PHP has for itself.
  const spelling: Record<string, string> = {
    'index.echo': 'index.echoEvent',
    'index.exit': 'index.leave',
    'index.log': 'index.writeLog',
    'web.echo': 'web.echoBody',
  }
  const launch = {
    command: php.command,
    codePath: join(import.meta.dirname, 'handlers/php'),
    spell: (handler: string) => spelling[handler] ?? handler,
  }
  runtimeContract({
    name: 'php',
    launch,
    errorAtLoad: 'RuntimeException',
    missingModule: /^Cannot find module 'absent': there is no file 'absent\.php'$/,
    lacks: {
      asynchronous: 'PHP has no asynchronous functions',
      concurrency: 'PHP runs one handler after another, and reads no frames meanwhile',
    },
  })
  phpCases(launch)
  psr7Cases(launch)
}
