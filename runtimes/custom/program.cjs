'use strict'
/** Finds the program of a custom runtime, and says what is wrong with it: the system's own answer is a number. */
const { accessSync, closeSync, constants, openSync, readSync, statSync } = require('fs')
const { delimiter, join, resolve } = require('path')

/** Linux reads no more of a script's first line. */
const FIRST_BYTES = 256
const ELF_MAGIC = 0x7f454c46
const ELF_MACHINES = new Map([
  [0x03, 'ia32'],
  [0x28, 'arm'],
  [0x3e, 'x64'],
  [0xb7, 'arm64'],
])
const ELF_MACHINE_OFFSET = 18

class NotRunnable extends Error {
  constructor(errorType, message) {
    super(message)
    this.errorType = errorType
  }
}

/** The path of the program: what the code brings goes before what is on the PATH. Throws NotRunnable. */
function findProgram(name, codePath, path) {
  const own = resolve(codePath, name)
  const file = name.includes('/') ? own : (onPath(name, `${codePath}${delimiter}${path}`) ?? own)
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) {
    throw new NotRunnable('CAFileNotFound', `the program '${name}' is not in the code package, nor on the PATH`)
  }
  if (!stats.isFile()) throw new NotRunnable('CAFileNotFound', `the program '${name}' is no file`)
  if (!isExecutable(file)) {
    throw new NotRunnable(
      'CAFilePermission',
      `the program '${name}' is not executable; chmod +x it before it is zipped`,
    )
  }
  checkFormat(name, firstBytes(file))
  return file
}

function onPath(name, path) {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => isExecutable(file) && statSync(file).isFile())
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function firstBytes(file) {
  const bytes = Buffer.alloc(FIRST_BYTES)
  try {
    const descriptor = openSync(file, 'r')
    const length = readSync(descriptor, bytes, 0, FIRST_BYTES, 0)
    closeSync(descriptor)
    return bytes.subarray(0, length)
  } catch {
    // A program may be executable and not readable.
    return null
  }
}

function checkFormat(name, bytes) {
  if (bytes === null) return
  if (bytes.length > ELF_MACHINE_OFFSET + 1 && bytes.readUInt32BE(0) === ELF_MAGIC) {
    const code = bytes.readUInt16LE(ELF_MACHINE_OFFSET)
    const machine = ELF_MACHINES.get(code) ?? `machine ${code}`
    if (machine === process.arch) return
    throw new NotRunnable('CAExited', `the program '${name}' is built for ${machine}, this machine is ${process.arch}`)
  }
  const script = /^#![ \t]*([^\s]+)([^\n]*)/.exec(bytes.toString('latin1'))
  if (script === null) {
    throw new NotRunnable('CAExited', `the program '${name}' is no Linux program, and no script that begins with #!`)
  }
  const [, interpreter, rest] = script
  if (rest.endsWith('\r')) {
    throw new NotRunnable(
      'CAExited',
      `the script '${name}' has the line ends of Windows; save it with those of Linux (LF)`,
    )
  }
  if (!isExecutable(interpreter)) {
    throw new NotRunnable('CAFileNotFound', `the script '${name}' asks for ${interpreter}, which is not here`)
  }
}

/** A PATH that begins with that of every sandbox is the default: then the platform's programs go first, else what the function says. */
function pathWith(platformPath, path, systemPath) {
  return path.startsWith(systemPath) ? `${platformPath}${delimiter}${path}` : `${path}${delimiter}${platformPath}`
}

module.exports = { NotRunnable, findProgram, pathWith }
