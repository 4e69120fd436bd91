/** The suite of all languages on the oldest Node.js that functions run on; npm brings it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runtimeContract } from './contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-oldest-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const { status, stdout } = spawnSync(
  process.execPath,
  [join(import.meta.dirname, '../../../cli/bin/sluice.cjs'), 'runtimes', 'install', 'nodejs14', '--json'],
  { encoding: 'utf8', env: { ...process.env, SLUICE_DATA_DIR: folder, SLUICE_ENDPOINT: 'http://127.0.0.1:1' } },
)
if (status === 0) {
  const node = join(folder, 'interpreters', 'nodejs-14', 'bin', 'node')
  runtimeContract({
    name: 'nodejs',
    launch: {
      command: [node, join(import.meta.dirname, '../../../runtimes/nodejs/bootstrap.cjs')],
      codePath: join(import.meta.dirname, 'handlers/nodejs'),
    },
    errorAtLoad: 'RangeError',
    missingModule: /^Cannot find module 'absent'$/,
  })
} else {
  test('nodejs14', { skip: `npm could not bring it: ${stdout}` })
}
