/**
 * The Java runtime is compiled where it is to run: libraries from Maven, the sources of runtimes/java, and an archive of
 * their classes (class data sharing), which makes the start of a JVM short. All of it lies in runtimes/java/build.
 */
'use strict'

const { createHash } = require('node:crypto')
const {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs')
const path = require('node:path')
const { programPath, runQuietly } = require('./process.cjs')
const { SetupError, step } = require('./report.cjs')

const JAVA_RELEASE = '17'
const COPY_DEPENDENCIES = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
/** Where the library that calls the system keeps its native part for this machine. */
const NATIVE_PLATFORM = `${process.platform}-${{ x64: 'x86-64', arm64: 'aarch64' }[process.arch] ?? process.arch}`
const NATIVE_LIBRARY = process.platform === 'darwin' ? 'libjnidispatch.jnilib' : 'libjnidispatch.so'
/** For the runtime itself, and for libraries made for Java 8 and 11, which could reach into these. */
const OPEN_PACKAGES = [
  ...['lang', 'lang.reflect', 'util', 'util.concurrent', 'io', 'net', 'nio', 'text', 'time', 'math'].map(
    (name) => `java.base/java.${name}`,
  ),
  ...['java.base/sun.nio.ch', 'java.base/sun.nio.fs'],
]
const MANIFEST_LINE_BYTES = 70

/** Compiles the runtime when its sources or the JDK have changed; does nothing where there is no JDK or no Maven. */
async function buildJavaRuntime(folder) {
  if (!['java', 'javac', 'jar', 'mvn'].every(programPath)) return
  const build = path.join(folder, 'build')
  const stamp = path.join(build, 'stamp')
  const wanted = stateOf(folder)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await step('compiling the Java runtime (mvn, javac)', async () => {
    const unfinished = `${build}.new`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(path.join(unfinished, 'native'), { recursive: true })
    await fetchLibraries(folder, unfinished)
    await compile(folder, unfinished)
    rmSync(build, { recursive: true, force: true })
    renameSync(unfinished, build)
    await archiveClasses(folder, build)
    writeFileSync(stamp, wanted)
  })
}

/** What the build was made of; another state means another build. */
function stateOf(folder) {
  const hash = createHash('sha256')
  const inputs = [
    ...sourcesIn(folder, 'src'),
    ...sourcesIn(folder, 'rehearsal'),
    'pom.xml',
    'checksums.txt',
    'jvm-flags.json',
  ]
  for (const file of inputs) hash.update(file).update(readFileSync(path.join(folder, file)))
  hash.update(readFileSync(__filename))
  const java = realpathSync(programPath('java'))
  return `${hash.digest('hex')} ${java} ${statSync(java).mtimeMs}`
}

function sourcesIn(folder, inside) {
  return readdirSync(path.join(folder, inside), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(inside, entry.name)
      return entry.isDirectory() ? sourcesIn(folder, file) : [file]
    })
}

async function fetchLibraries(folder, build) {
  const jars = path.join(build, 'jars')
  await runQuietly('mvn', [
    '-q',
    '-B',
    '-f',
    path.join(folder, 'pom.xml'),
    COPY_DEPENDENCIES,
    `-DoutputDirectory=${jars}`,
  ])
  checkLibraries(readFileSync(path.join(folder, 'checksums.txt'), 'utf8'), jars)
  const jna = readdirSync(jars).find((name) => name.startsWith('jna-'))
  const inside = `com/sun/jna/${NATIVE_PLATFORM}/${NATIVE_LIBRARY}`
  await runQuietly('jar', ['xf', path.join(jars, jna), inside], { cwd: build })
  renameSync(path.join(build, inside), path.join(build, 'native', NATIVE_LIBRARY))
  rmSync(path.join(build, 'com'), { recursive: true })
}

/** Throws unless the folder holds exactly the jars of the list (as sha256sum writes it). */
function checkLibraries(list, jars) {
  const pinned = new Map(
    list
      .trim()
      .split('\n')
      .map((line) => line.split('  ').toReversed()),
  )
  for (const name of readdirSync(jars)) {
    const found = createHash('sha256')
      .update(readFileSync(path.join(jars, name)))
      .digest('hex')
    const expected = pinned.get(name)
    if (found !== expected) {
      throw new SetupError(
        `${name} has the SHA-256 ${found}, runtimes/java/checksums.txt says ${expected ?? 'nothing'}`,
      )
    }
    pinned.delete(name)
  }
  if (pinned.size > 0) throw new SetupError(`Maven did not bring ${[...pinned.keys()].join(', ')}`)
}

async function compile(folder, build) {
  const jars = readdirSync(path.join(build, 'jars')).map((name) => path.join('jars', name))
  const classPath = jars.map((jar) => path.join(build, jar)).join(path.delimiter)
  const javac = (from, to) => {
    const options = ['--release', JAVA_RELEASE, '-proc:none', '-encoding', 'UTF-8', '-cp', classPath, '-d', to]
    return runQuietly('javac', [...options, ...sourcesIn(folder, from).map((file) => path.join(folder, file))])
  }
  const classes = path.join(build, 'classes')
  await javac('src', classes)
  // Functions of the wait: in the form that code has, a folder of classes.
  await javac('rehearsal', path.join(build, 'rehearsal'))
  const manifest = path.join(build, 'manifest.txt')
  writeFileSync(
    manifest,
    manifestOf({
      'Main-Class': 'sluice.runtime.Bootstrap',
      'Class-Path': jars.map((jar) => jar.replaceAll(path.sep, '/')).join(' '),
      'Add-Opens': OPEN_PACKAGES.join(' '),
      'Enable-Native-Access': 'ALL-UNNAMED',
    }),
  )
  await runQuietly('jar', [
    '--create',
    '--file',
    path.join(build, 'runtime.jar'),
    '--manifest',
    manifest,
    '-C',
    classes,
    '.',
  ])
  rmSync(classes, { recursive: true })
  rmSync(manifest)
}

/** Lines are short there, and longer values go on after a space. */
function manifestOf(values) {
  return Object.entries(values)
    .map(
      ([name, value]) => `${name}: ${value}`.match(new RegExp(`.{1,${MANIFEST_LINE_BYTES}}`, 'g')).join('\n ') + '\n',
    )
    .join('')
}

/** The archive holds for the JVM and the flags that made it; with any other it is passed over. */
async function archiveClasses(folder, build) {
  const flags = JSON.parse(readFileSync(path.join(folder, 'jvm-flags.json'), 'utf8'))
  const archive = `-XX:ArchiveClassesAtExit=${path.join(build, 'classes.jsa')}`
  const native = `-Djna.boot.library.path=${path.join(build, 'native')}`
  await runQuietly('java', [...flags, archive, native, '-jar', path.join(build, 'runtime.jar'), '--preload'])
}

module.exports = { buildJavaRuntime, checkLibraries, manifestOf }
