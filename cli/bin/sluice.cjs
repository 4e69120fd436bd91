#!/usr/bin/env node
// Plain JavaScript for any Node >= 18: finds a Node that runs TypeScript from source and hands over to it.
'use strict'
const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { join, dirname } = require('node:path')

const NODE_MAJOR_MIN = 26

function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN) return process.execPath
  const system = process.platform === 'win32' ? 'win' : process.platform
  const names = [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`]
  for (let folder = dirname(__dirname); ; folder = dirname(folder)) {
    for (const name of names) {
      const candidate = join(folder, 'node_modules', name, 'bin', system === 'win' ? 'node.exe' : 'node')
      if (existsSync(candidate)) return candidate
    }
    if (folder === dirname(folder)) return undefined
  }
}

const node = findNode()
if (!node) {
  process.stderr.write(
    `sluice needs Node ${NODE_MAJOR_MIN} or newer, and this is ${process.version}.\n` +
      'Run `npm install` in the checkout: it brings the right Node with it, yours stays as it is.\n',
  )
  process.exit(1)
}

const checkout = dirname(dirname(__dirname))
const child = spawn(node, [join(checkout, 'cli', 'src', 'main.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  // Compiled code is kept beside the packages: a command is answered in half the time.
  env: { NODE_COMPILE_CACHE: join(checkout, 'node_modules', '.cache', 'compile'), ...process.env },
})
child.on('error', (error) => {
  process.stderr.write(`sluice could not start ${node}: ${error.message}\nRun \`npm install\` in the checkout again.\n`)
  process.exit(1)
})
// A terminal sends Ctrl+C to the child as well; only signals that reach this process alone are passed on.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code === null ? 1 : code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
