/** What can be run, and what each command needs to be there first. */
'use strict'

const { readdirSync, existsSync } = require('node:fs')
const path = require('node:path')
const { buildConsole } = require('./console.cjs')
const { buildJavaRuntime } = require('./java-runtime.cjs')
const { nodeBinary } = require('./node-binary.cjs')
const { installPackages } = require('./npm-packages.cjs')
const { runInForeground } = require('./process.cjs')
const { installPythonPackages } = require('./python-packages.cjs')
const { SetupError, say } = require('./report.cjs')
const { provideProgram } = require('./system-programs.cjs')
const { unpackProgram } = require('./unpacked-programs.cjs')

const ROOT = path.join(__dirname, '..', '..')
/** How the platform's own Node.js runs: young generation, and a collector that can be asked to give memory back. */
const NODE_FLAGS = require('../../server/node-flags.json')
const COMPILE_CACHE = path.join(ROOT, 'node_modules', '.cache', 'compile')
const CHECKED_FOLDERS = ['server', 'cli', 'console', 'bench', 'scripts', 'samples', 'blueprints', 'runtimes']
const TESTS = ['{server,cli,console}/{src,test}/**/*.test.ts', 'bench/src/**/*.test.ts', 'scripts/**/*.test.cjs']

/** The machine has two cores at least, and a third file uses them while others wait, as platforms in tests often do. */
const TEST_CONCURRENCY = 3

const workspace = () => installPackages(ROOT, 'packages')
const benchPackages = () => installPackages(path.join(ROOT, 'bench'), 'the peers to measure against')
const nginx = () =>
  unpackProgram('nginx', path.join(ROOT, 'bench', 'node_modules', '.nginx'), 'objects are measured without a peer')
const pythonPackages = () => installPythonPackages(ROOT)
const javaRuntime = () => buildJavaRuntime(path.join(ROOT, 'runtimes', 'java'))

const consolePages = () => buildConsole(ROOT, nodeBinary(ROOT))

/** A need that the platform can start without; `loss` says what does not work then. */
const ifPossible = (need, loss) => async () => {
  try {
    await need()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`warning: ${loss}\n${error.message}`)
  }
}

const program = (name) => () => provideProgram(name)

/** Of each folder below that has packages of its own. */
async function packagesBelow(name) {
  const parent = path.join(ROOT, name)
  for (const child of readdirSync(parent)) {
    const folder = path.join(parent, child)
    if (existsSync(path.join(folder, 'package-lock.json'))) await installPackages(folder, `packages of ${child}`)
  }
}

const samplePackages = () => packagesBelow('samples')
const blueprintPackages = () => packagesBelow('blueprints')

/** Runs a JavaScript or TypeScript file, or Node itself, from the root of the checkout. */
function runNode(args, env = process.env) {
  return runInForeground(nodeBinary(ROOT), args, { cwd: ROOT, env })
}

/** Reading a certificate bundle at each start takes Node longer than the start itself, and tests start it often. */
function withoutCertificateBundle() {
  const { NODE_EXTRA_CA_CERTS: _bundle, ...env } = process.env
  return { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE }
}

function start(args) {
  return runNode([...NODE_FLAGS, 'server/src/main.ts', ...args], { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE })
}

/** Extra arguments are files or patterns to test instead of all, or options of Node's test runner. */
function test(args) {
  const isFile = (arg) => !arg.startsWith('-') && /[/.*]/.test(arg)
  const files = args.filter(isFile)
  const options = args.filter((arg) => !isFile(arg))
  const runner = ['--test', '--test-timeout=120000', `--test-concurrency=${TEST_CONCURRENCY}`, '--test-reporter=spec']
  return runNode([...runner, ...options, ...(files.length > 0 ? files : TESTS)], withoutCertificateBundle())
}

async function lint() {
  const tool = (name, ...args) => [name, [path.join('node_modules', '.bin', name), ...args]]
  const checks = [
    tool('tsc', '-p', '.'),
    tool('tsc', '-p', 'console'),
    tool('oxlint', '--type-aware', ...CHECKED_FOLDERS),
    tool('oxfmt', '--check', ...CHECKED_FOLDERS),
  ]
  const failed = []
  for (const [name, args] of checks) {
    say(`lint: ${name}`)
    if ((await runNode(args)) !== 0) failed.push(name)
  }
  say(failed.length === 0 ? 'lint: all passed' : `lint: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

function bench(args) {
  return runNode(['bench/src/main.ts', ...args], withoutCertificateBundle())
}

/** Writes docs/simulation, or what its options say. */
function simulate(args) {
  return runNode(['server/test/simulation/report/main.ts', ...args], withoutCertificateBundle())
}

/** Draws the pictures of the console in docs/guide/images. */
function screenshots() {
  return runNode(['server/test/end-to-end/console/screenshots.ts'], withoutCertificateBundle())
}

/** Kills the platform under load, again and again. */
function soak(args) {
  return runNode(['server/test/soak/main.ts', ...args], withoutCertificateBundle())
}

/** Needs are met in order; each costs a few file lookups when there is nothing to do. */
const commands = {
  start: {
    needs: [
      ...[workspace, samplePackages],
      ...['python3', 'isolation', 'images', 'fonts'].map(program),
      ifPossible(javaRuntime, 'the Java runtime could not be compiled, so Java functions will not run'),
      ifPossible(consolePages, 'the console could not be built, so /console will not open'),
    ],
    run: start,
  },
  test: {
    needs: [
      ...[workspace, samplePackages, blueprintPackages],
      ...['python3', 'pip', 'php', 'java', 'postgresql'].map(program),
      ...['both container runtimes', 'images', 'images for tests', 'fonts', 'browser'].map(program),
      ...[pythonPackages, javaRuntime, consolePages],
    ],
    run: test,
  },
  lint: { needs: [workspace], run: lint },
  simulate: { needs: [workspace], run: simulate },
  soak: { needs: [workspace], run: soak },
  screenshots: { needs: [workspace, ...['fonts', 'browser'].map(program), consolePages], run: screenshots },
  bench: {
    needs: [workspace, benchPackages, ...['wrk', 'hey', 'python3', 'php', 'isolation'].map(program), nginx],
    run: bench,
  },
}

module.exports = { commands }
