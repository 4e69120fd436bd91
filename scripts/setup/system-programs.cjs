/** Programs that npm cannot bring: installed where that is ours to do (root on Debian), else named with what is lost. */
'use strict'

const { existsSync, readdirSync } = require('node:fs')
const { onPath, runQuietly } = require('./process.cjs')
const { SetupError, say, step } = require('./report.cjs')

const DEBIAN_POSTGRESQL = '/usr/lib/postgresql'
const DEBIAN_PHP = '/usr/lib/php'
/** By the name of their Debian package, what functions expect of PHP beside what is built in. */
const PHP_EXTENSIONS = { 'php-mbstring': 'mbstring', 'php-curl': 'curl', 'php-xml': 'xml' }
/** Debian's place for the network plugins, that of their own releases, and Fedora's. */
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']
const CNI_PLUGINS = ['bridge', 'host-local']

function hasPostgresqlServer() {
  if (onPath('initdb')) return true
  if (!existsSync(DEBIAN_POSTGRESQL)) return false
  return readdirSync(DEBIAN_POSTGRESQL).some((version) => existsSync(`${DEBIAN_POSTGRESQL}/${version}/bin/initdb`))
}

/** PHP of elsewhere than Debian has what it was built with. */
const hasPhpExtension = (name) =>
  !existsSync(DEBIAN_PHP) ||
  readdirSync(DEBIAN_PHP).some((version) => existsSync(`${DEBIAN_PHP}/${version}/${name}.so`))

/** Programs for root may lie where PATH does not look. */
const onSystem = (program) => onPath(program) || existsSync(`/usr/sbin/${program}`) || existsSync(`/sbin/${program}`)

const hasNetworkPlugins = () =>
  CNI_FOLDERS.some((folder) => CNI_PLUGINS.every((plugin) => existsSync(`${folder}/${plugin}`)))

/** Containers are for Linux and root: elsewhere there is nothing to provide, and the platform says so when it starts. */
const canIsolate = () => process.platform === 'linux' && process.getuid() === 0

const part = (debianPackage, present) => ({ debianPackage, present })
const packaged = (debianPackage, program = debianPackage) => part(debianPackage, () => onSystem(program))

const isolation = [
  part('containernetworking-plugins', hasNetworkPlugins),
  packaged('nftables', 'nft'),
  packaged('iproute2', 'ip'),
  packaged('util-linux', 'nsenter'),
  packaged('e2fsprogs', 'mkfs.ext4'),
]

const programs = {
  python3: {
    parts: [packaged('python3')],
    without: 'Python functions will not run',
  },
  php: {
    parts: [
      packaged('php-cli', 'php'),
      ...Object.entries(PHP_EXTENSIONS).map(([name, extension]) => part(name, () => hasPhpExtension(extension))),
    ],
    without: 'the tests of PHP functions will be skipped',
  },
  pip: {
    parts: [packaged('python3-pip', 'pip3')],
    without: 'tests that need Python packages will be skipped',
  },
  java: {
    parts: [packaged('default-jdk-headless', 'javac'), packaged('maven', 'mvn')],
    without: 'the tests of the Java runtime will be skipped',
  },
  postgresql: {
    parts: [part('postgresql', hasPostgresqlServer)],
    without: 'the tests of the PostgreSQL store will be skipped',
  },
  wrk: {
    parts: [packaged('wrk')],
    without: 'the load comes from autocannon, which is slower than what it measures',
  },
  hey: {
    parts: [packaged('hey')],
    without: 'asynchronous invocations are not measured at a given rate',
  },
  isolation: {
    parts: [part('crun', () => onSystem('crun') || onSystem('runc')), ...isolation],
    isWanted: canIsolate,
    without: 'functions run without isolation (sandbox: process)',
  },
  images: {
    parts: [packaged('skopeo'), packaged('umoci'), packaged('util-linux', 'setpriv')],
    isWanted: canIsolate,
    without: 'functions in containers (runtime: custom-container) cannot be deployed',
  },
  'images for tests': {
    // Its program has the name of that in another package, which needs libraries that a test image has not.
    parts: [part('busybox-static', () => existsSync('/var/lib/dpkg/info/busybox-static.list'))],
    isWanted: canIsolate,
    without: 'tests of the custom-container runtime will be skipped',
  },
  fonts: {
    // The font that OSS draws watermarks with unless told otherwise; Latin and Chinese.
    parts: [part('fonts-wqy-zenhei', () => existsSync('/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc'))],
    isWanted: () => process.platform === 'linux',
    without: 'text watermarks on pictures come out in another font, or as boxes where there is none',
  },
  browser: {
    parts: [part('chromium', () => ['chromium', 'chromium-browser', 'google-chrome'].some(onPath))],
    isWanted: () => process.platform === 'linux',
    without: 'the tests of the console in a browser will be skipped',
  },
  'both container runtimes': {
    parts: [packaged('crun'), packaged('runc'), ...isolation],
    isWanted: canIsolate,
    without: 'tests of the oci sandbox will be skipped',
  },
}

async function aptInstall(debianPackages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = () => runQuietly('apt-get', ['install', '-y', '--no-install-recommends', ...debianPackages], { env })
  try {
    await install()
  } catch {
    // A fresh image has no package lists.
    await runQuietly('apt-get', ['update'], { env })
    await install()
  }
}

/** The Debian packages of the parts that are not there. */
function missingPackages({ parts, isWanted = () => true }) {
  return isWanted() ? parts.filter(({ present }) => !present()).map(({ debianPackage }) => debianPackage) : []
}

/** Makes a program available; a machine that cannot have it loses what `without` says, and goes on. */
async function provideProgram(name) {
  const { without } = programs[name]
  const missing = missingPackages(programs[name])
  if (missing.length === 0) return
  const packages = missing.join(' ')
  const mayInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')
  if (!mayInstall) {
    say(
      `warning: for ${name} this machine lacks ${packages}, so ${without}; install with your system's package manager`,
    )
    return
  }
  try {
    await step(`installing ${name} (apt-get install ${packages})`, () => aptInstall(missing))
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    say(`warning: ${name} could not be installed, so ${without}\n${error.message}`)
  }
}

module.exports = { missingPackages, programs, provideProgram }
