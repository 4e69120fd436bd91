/** Programs that npm cannot bring: installed where that is ours to do (root on Debian), else named with what is lost. */
'use strict'

const { existsSync, readdirSync } = require('node:fs')
const { onPath, runQuietly } = require('./process.cjs')
const { SetupError, say, step } = require('./report.cjs')

const DEBIAN_POSTGRESQL = '/usr/lib/postgresql'

function hasPostgresqlServer() {
  if (onPath('initdb')) return true
  if (!existsSync(DEBIAN_POSTGRESQL)) return false
  return readdirSync(DEBIAN_POSTGRESQL).some((version) => existsSync(`${DEBIAN_POSTGRESQL}/${version}/bin/initdb`))
}

const programs = {
  python3: {
    present: () => onPath('python3'),
    debianPackage: 'python3',
    without: 'Python functions will not run',
  },
  postgresql: {
    present: hasPostgresqlServer,
    debianPackage: 'postgresql',
    without: 'the tests of the PostgreSQL store will be skipped',
  },
  wrk: {
    present: () => onPath('wrk'),
    debianPackage: 'wrk',
    without: 'the load comes from autocannon, which is slower than what it measures',
  },
}

async function aptInstall(debianPackage) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = () => runQuietly('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], { env })
  try {
    await install()
  } catch {
    // A fresh image has no package lists.
    await runQuietly('apt-get', ['update'], { env })
    await install()
  }
}

/** Makes a program available; a machine that cannot have it loses what `without` says, and goes on. */
async function provideProgram(name) {
  const { present, debianPackage, without } = programs[name]
  if (present()) return
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')
  if (!mayInstall) {
    say(`warning: ${name} was not found, so ${without}; install it with your system's package manager`)
    return
  }
  try {
    await step(`installing ${name} (apt-get install ${debianPackage})`, () => aptInstall(debianPackage))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`warning: ${name} could not be installed, so ${without}\n${error.message}`)
  }
}

module.exports = { provideProgram }
