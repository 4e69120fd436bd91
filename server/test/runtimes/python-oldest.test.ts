/** The suite of all languages on the oldest Python of this machine, when it has another than `python3`. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { pythonFinder } from '../../src/instances/interpreters/find-python.ts'
import { runtimeContract } from './contract.ts'

const minorOf = (version: string) => Number(version.split('.')[1])
const usual = spawnSync('python3', ['-c', 'import sys; print(sys.version.split()[0])'], { encoding: 'utf8' }).stdout
const found = await pythonFinder.find({ path: process.env['PATH'] ?? '', directory: '' })
const [oldest] = found.toSorted((a, b) => minorOf(a.version) - minorOf(b.version))

if (oldest && usual && minorOf(oldest.version) < minorOf(usual)) {
  runtimeContract({
    name: 'python',
    launch: { command: oldest.command, codePath: join(import.meta.dirname, 'handlers/python') },
    errorAtLoad: 'ValueError',
    missingModule: /^No module named 'absent'$/,
  })
} else {
  test('an older Python', { skip: 'there is none beside python3 on PATH and what pyenv keeps' })
}
