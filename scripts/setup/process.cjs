/** The two ways in which the setup runs programs: quietly for its own work, in the foreground for the user's command. */
'use strict'

const { spawn } = require('node:child_process')
const { existsSync } = require('node:fs')
const { constants } = require('node:os')
const path = require('node:path')
const { SetupError } = require('./report.cjs')

const OUTPUT_KEPT_BYTES = 8 * 1024

/** The file on PATH; undefined when there is none. */
function programPath(program) {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file))
}

/** Whether the program is on PATH. */
function onPath(program) {
  return programPath(program) !== undefined
}

/** Runs a program without showing it; when it fails, the error carries the end of what it printed. */
function runQuietly(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_KEPT_BYTES)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => reject(new SetupError(`${program} did not start: ${error.message}`)))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new SetupError(`${program} ${args.join(' ')} failed:\n${output.trim()}`))
    })
  })
}

/** Hands the terminal to a program; resolves to its exit code (128 + number when a signal ended it). */
function runInForeground(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' })
    // On a terminal Ctrl-C reaches the whole process group by itself: passing it on would deliver it twice.
    const forwarded = { SIGINT: !process.stdin.isTTY, SIGTERM: true, SIGHUP: true }
    const listeners = Object.entries(forwarded).map(([signal, pass]) => {
      const listener = () => pass && child.kill(signal)
      process.on(signal, listener)
      return [signal, listener]
    })
    const forget = () => listeners.forEach(([signal, listener]) => process.off(signal, listener))
    child.on('error', (error) => {
      forget()
      reject(new SetupError(`${program} did not start: ${error.message}`))
    })
    child.on('exit', (code, signal) => {
      forget()
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

module.exports = { onPath, programPath, runInForeground, runQuietly }
