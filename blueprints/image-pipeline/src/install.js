'use strict'

/** Installs the packages when they are not there. */
const { execSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
if (!existsSync(path.join(ROOT, 'node_modules'))) {
  console.log('installing packages (npm ci) …')
  execSync('npm ci --no-fund --no-audit --loglevel=error', { cwd: ROOT, stdio: 'inherit' })
}
