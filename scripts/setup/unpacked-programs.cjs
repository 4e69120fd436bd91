/** Servers that only the benchmark runs: unpacked from their Debian package, since installing it would start a service. */
'use strict'

const { existsSync, mkdirSync, readdirSync, renameSync, rmSync } = require('node:fs')
const path = require('node:path')
const { onPath, runQuietly } = require('./process.cjs')
const { SetupError, say, step } = require('./report.cjs')

/** Makes `{folder}/usr/sbin/{name}` of the Debian package of that name, unless the machine has the program. */
async function unpackProgram(name, folder, without) {
  if (onPath(name) || existsSync(`/usr/sbin/${name}`) || existsSync(path.join(folder, 'usr', 'sbin', name))) return
  if (!onPath('apt-get') || !onPath('dpkg-deb')) {
    say(`warning: ${name} is not here and Debian's packages are neither, so ${without}`)
    return
  }
  try {
    await step(`unpacking ${name} (apt-get download ${name})`, () => unpack(name, folder))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`warning: ${name} could not be had, so ${without}\n${error.message}`)
  }
}

async function unpack(name, folder) {
  const making = `${folder}.making`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true })
  try {
    await runQuietly('apt-get', ['download', name], { cwd: making })
  } catch {
    // A fresh image has no package lists.
    await runQuietly('apt-get', ['update'])
    await runQuietly('apt-get', ['download', name], { cwd: making })
  }
  const file = readdirSync(making).find((each) => each.endsWith('.deb'))
  await runQuietly('dpkg-deb', ['-x', path.join(making, file), making])
  rmSync(folder, { recursive: true, force: true })
  renameSync(making, folder)
}

module.exports = { unpackProgram }
