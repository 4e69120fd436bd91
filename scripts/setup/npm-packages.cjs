/** Folders with a package-lock.json are installed by `npm ci`, and again whenever the lock file changes. */
'use strict'

const { createHash } = require('node:crypto')
const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { runQuietly } = require('./process.cjs')
const { step } = require('./report.cjs')

const STAMP = path.join('node_modules', '.sluice-lock-sha256')

function lockHash(folder) {
  return createHash('sha256')
    .update(readFileSync(path.join(folder, 'package-lock.json')))
    .digest('hex')
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * Whether npm's own record of what it installed agrees with the lock file: someone who ran `npm install` by hand need
 * not wait for it again. Optional packages may be absent, since most are for other systems.
 */
function installedByHand(folder) {
  const record = readIfThere(path.join(folder, 'node_modules', '.package-lock.json'))
  if (record === undefined) return false
  const installed = JSON.parse(record).packages
  const wanted = JSON.parse(readFileSync(path.join(folder, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([place, { version, optional }]) => {
    if (!place.startsWith('node_modules/') && !place.includes('/node_modules/')) return true
    return optional === true ? true : installed[place] !== undefined && installed[place].version === version
  })
}

/** Whether the packages of the folder are there, as its lock file wants them. */
function isInstalled(folder) {
  const stamp = readIfThere(path.join(folder, STAMP))
  if (stamp !== undefined) return stamp === lockHash(folder)
  if (!installedByHand(folder)) return false
  writeFileSync(path.join(folder, STAMP), lockHash(folder))
  return true
}

/** Installs the packages of a folder when they are missing; `what` names them to the user. */
async function installPackages(folder, what) {
  if (isInstalled(folder)) return
  await step(`installing ${what} (npm ci)`, () => npm(['ci', '--no-fund', '--no-audit'], folder))
  writeFileSync(path.join(folder, STAMP), lockHash(folder))
}

/** The npm that started us when there is one, else the npm on PATH. */
function npm(args, folder) {
  const ours = process.env.npm_execpath
  return ours?.endsWith('.js')
    ? runQuietly(process.execPath, [ours, ...args], { cwd: folder })
    : runQuietly('npm', args, { cwd: folder })
}

module.exports = { installPackages, isInstalled }
