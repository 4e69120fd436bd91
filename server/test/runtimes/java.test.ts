import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compileJava, java } from '../support/java.ts'
import { runtimeContract } from './contract.ts'
import type { Launch } from './driver.ts'
import { javaCases } from './java-cases.ts'

const SOURCES = join(import.meta.dirname, 'handlers/java')

if ('missing' in java) {
  test('java', { skip: java.missing })
} else {
  const sources = readdirSync(SOURCES).map((name) => join(SOURCES, name))
  const classes = compileJava(sources)
  after(() => rmSync(classes, { recursive: true }))
  rmSync(join(classes, 'no_such_file'), { recursive: true })
  mkdirSync(join(classes, 'fixtures/syntax_error'), { recursive: true })
  writeFileSync(join(classes, 'fixtures/syntax_error/Handler.class'), 'no class')
  const launch: Launch = {
    command: java.command,
    codePath: classes,
    // `index.echo` is class `index.Echo`, whose interface says what its method is called; `throws` is no name in Java.
    spell(handler, method) {
      if (handler.includes('::') || !handler.includes('.')) return handler
      const parts = handler
        .replaceAll('/', '.')
        .replace(/^throws\b/, 'throwing')
        .split('.')
      const name = parts.pop()!
      return `${[...parts, name[0]!.toUpperCase() + name.slice(1)].join('.')}::${method}`
    },
  }
  runtimeContract({
    name: 'java',
    launch,
    errorAtLoad: 'java.lang.IllegalStateException',
    missingModule: /ClassNotFoundException: absent\.Handler$/,
    missingHandler: ['index.Echo::absent', /^Handler 'absent' missing on class 'index\.Echo'/],
    handlerForm: /'index' is not of the form 'package\.Class::method'/,
    errorPrefix: 'index.',
    notInContext: ['function.initializationTimeout', 'region', 'accountId', 'tracing.traceparent'],
  })
  javaCases(launch)
}
