/** Python packages that tests need, in a folder of the checkout: the machine's own Python stays as it is. */
'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { onPath, runQuietly } = require('./process.cjs')
const { SetupError, say, step } = require('./report.cjs')

const PACKAGES = { debugpy: '1.8.22', oss2: '2.19.1' }

/** A machine that cannot have them loses what `without` says, and goes on. */
async function installPythonPackages(root, without) {
  const folder = path.join(root, 'node_modules', '.cache', 'python')
  const missing = Object.entries(PACKAGES).filter(
    ([name, version]) => !existsSync(path.join(folder, `${name}-${version}.dist-info`)),
  )
  if (missing.length === 0) return
  const wanted = missing.map(([name, version]) => `${name}==${version}`)
  if (!onPath('python3')) return say(`warning: there is no python3 to install ${wanted.join(' ')}, so ${without}`)
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade', '--target', folder]
  try {
    await step(`installing ${wanted.join(' ')} (pip)`, () => runQuietly('python3', [...pip, ...wanted]))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`warning: ${wanted.join(' ')} could not be installed, so ${without}\n${error.message}`)
  }
}

module.exports = { installPythonPackages }
