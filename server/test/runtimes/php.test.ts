import { join } from 'node:path'
import { test } from 'node:test'
import { findPhp, PHP_ADVICE } from '../../src/instances/find-php.ts'
import { runtimeContract } from './contract.ts'
import { phpCases } from './php-cases.ts'
import { psr7Cases } from './php-psr7-cases.ts'

const php = await findPhp(process.env['PATH'] ?? '')

if (php === null) {
  test('php', { skip: PHP_ADVICE })
} else {
  const launch = {
    command: php.command,
    codePath: join(import.meta.dirname, 'handlers/php'),
    spelling: {
      'index.echo': 'index.echoEvent',
      'index.exit': 'index.leave',
      'index.log': 'index.writeLog',
      'web.echo': 'web.echoBody',
    },
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
