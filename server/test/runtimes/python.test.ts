import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { runtimeContract } from './contract.ts'
import { pythonCases } from './python-cases.ts'

const launch = {
  command: ['python3', '-u', '-S', '-E', '-s', join(import.meta.dirname, '../../../runtimes/python/bootstrap.py')],
  codePath: join(import.meta.dirname, 'handlers/python'),
}

if (spawnSync('python3', ['--version']).status === 0) {
  runtimeContract({
    name: 'python',
    launch,
    errorAtLoad: 'ValueError',
    missingModule: /^No module named 'absent'$/,
  })
  pythonCases(launch)
} else {
  test('python', { skip: 'there is no python3 on PATH' })
}
