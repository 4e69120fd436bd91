/** The repository checks itself: rules that no compiler knows, and pages that must agree with the code. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { environmentName, settings, type SettingName } from '../src/config.ts'
import { errorTable } from '../src/errors.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SOURCE = join(ROOT, 'server', 'src')

const UNCHECKED_FOLDERS = new Set([
  'node_modules',
  '.git',
  '.sluice',
  '__pycache__',
  'results',
  'build',
  'dist',
  'dist.new',
])
const BINARY_FILE = /\.(jpg|png|ico|woff2|zip|gz|jar|class|pyc|tsbuildinfo|log)$/

interface SourceFile {
  /** From the root of the repository, with slashes. */
  path: string
  text: string
}

function filesBelow(folder: string): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): SourceFile[] => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return UNCHECKED_FOLDERS.has(entry.name) ? [] : filesBelow(path)
    if (!entry.isFile() || BINARY_FILE.test(entry.name)) return []
    return [{ path: relative(ROOT, path).replaceAll(sep, '/'), text: readFileSync(path, 'utf8') }]
  })
}

const files = filesBelow(ROOT)
const sources = files.filter(({ path }) => path.startsWith('server/src/') && path.endsWith('.ts'))
const tests = files.filter(({ path }) => /\.test\.(ts|cjs|mjs)$/.test(path))

/** Suites and their tools: loaded by tests only, and as free as tests in what they import. */
const isForTests = (path: string) => /(\.test|\/contract|test-support|for-tests|fixture)[^/]*\.ts$/.test(path)

interface Import {
  specifier: string
  typesOnly: boolean
}

function importsOf(text: string): Import[] {
  const declared = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm)
  const dynamic = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)
  return [
    ...[...declared].map((match) => ({ specifier: match[2]!, typesOnly: match[1] !== undefined })),
    ...[...dynamic].map((match) => ({ specifier: match[1]!, typesOnly: false })),
  ]
}

/** Where a relative import leads, as folder below server/src (empty for the top level) and the rest. */
function target({ path }: SourceFile, specifier: string): { folder: string; rest: string } | undefined {
  if (!specifier.startsWith('.')) return undefined
  const steps = relative(SOURCE, resolve(ROOT, dirname(path), specifier)).split(sep)
  return steps.length === 1 ? { folder: '', rest: steps[0]! } : { folder: steps[0]!, rest: steps.slice(1).join('/') }
}

const folderOf = ({ path }: SourceFile) => path.split('/').slice(2, -1)[0] ?? ''

function assertNone(problems: readonly string[], rule: string): void {
  assert.equal(problems.length, 0, `${rule}:\n  ${problems.join('\n  ')}`)
}

test('imports are recognised in every form', () => {
  const text = [
    "import './side-effect.ts'",
    "import type { A } from '../a/port.ts'",
    'import {\n  b,\n  c,\n} from "./ignored.ts"',
    "import { d } from './d.ts'",
    "export * from './e.ts'",
    "const f = await import('./f.ts')",
  ].join('\n')
  assert.deepEqual(importsOf(text), [
    { specifier: './side-effect.ts', typesOnly: false },
    { specifier: '../a/port.ts', typesOnly: true },
    { specifier: './d.ts', typesOnly: false },
    { specifier: './e.ts', typesOnly: false },
    { specifier: './f.ts', typesOnly: false },
  ])
})

test('a folder of the server is imported by others only through its port', () => {
  const problems = sources
    .filter((file) => folderOf(file) !== '' && !isForTests(file.path))
    .flatMap((file) =>
      importsOf(file.text).flatMap(({ specifier }) => {
        const to = target(file, specifier)
        const crosses = to !== undefined && to.folder !== '' && to.folder !== folderOf(file)
        return crosses && to.rest !== 'port.ts' ? [`${file.path} imports ${specifier}`] : []
      }),
    )
  assertNone(problems, 'import port.ts of another folder, and let compose.ts pass the implementation in')
})

test('only main.ts imports compose.ts, only compose.ts its parts, and nothing imports main.ts', () => {
  const problems = sources
    .filter(({ path }) => !isForTests(path))
    .flatMap((file) =>
      importsOf(file.text).map(({ specifier, typesOnly }) => ({ file, typesOnly, to: target(file, specifier) })),
    )
    .filter(({ file: { path }, typesOnly, to }) => {
      if (to?.folder !== '') return false
      if (to.rest === 'compose.ts') return path !== 'server/src/main.ts'
      // Each part may name the types of those that it is made of.
      if (to.rest.startsWith('compose-')) {
        return path !== 'server/src/compose.ts' && !(typesOnly && path.startsWith('server/src/compose-'))
      }
      return to.rest === 'main.ts'
    })
    .map(({ file, to }) => `${file.path} imports ${to?.rest}`)
  assertNone(problems, 'dependencies are passed in, not looked up')
})

test('the scheduler does no IO: it imports only modules that compute, and of other folders only types', () => {
  const pureTopLevel = ['model.ts', 'errors.ts']
  const pureModules = ['croner']
  const problems = sources
    .filter((file) => folderOf(file) === 'scheduler' && !isForTests(file.path))
    .flatMap((file) =>
      importsOf(file.text)
        .filter(({ specifier, typesOnly }) => {
          const to = target(file, specifier)
          if (to === undefined) return !pureModules.includes(specifier)
          return to.folder !== 'scheduler' && !typesOnly && !(to.folder === '' && pureTopLevel.includes(to.rest))
        })
        .map(({ specifier }) => `${file.path} imports ${specifier}`),
    )
  assertNone(problems, 'the scheduler decides; time and randomness are arguments')
})

test('below the composition root nobody reads the environment', () => {
  const problems = sources
    .filter((file) => folderOf(file) !== '' && !isForTests(file.path) && /\bprocess\.env\b/.test(file.text))
    .map(({ path }) => path)
  assertNone(problems, 'settings enter through config.ts and are passed on')
})

test('the server takes values of node:http from node-http.ts, which says why', () => {
  const problems = sources
    .filter(({ path }) => !isForTests(path))
    .filter(({ text }) =>
      [...text.matchAll(/^import \{([^}]*)\} from 'node:http'/gm)].some(([, names]) =>
        names!.split(',').some((name) => name.trim() !== '' && !name.trim().startsWith('type ')),
      ),
    )
    .map(({ path }) => path)
  assertNone(problems, 'import types from node:http, and values from node-http.ts')
})

test('docs/reference/errors.md lists the error table, code by code', () => {
  const page = readFileSync(join(ROOT, 'docs', 'reference', 'errors.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\w+) \| (.+) \|$/gm)]
  const documented = rows.map(([, code, status, fault]) => ({ code, status: Number(status), fault }))
  const expected = Object.entries(errorTable).map(([code, { status, fault }]) => ({ code, status, fault }))
  const byCode = (a: { code?: string | undefined }, b: { code?: string | undefined }) =>
    String(a.code) < String(b.code) ? -1 : 1
  assert.deepEqual(documented.toSorted(byCode), expected.toSorted(byCode))
})

test('the tests that docs/reference/bad-days.md names are there', () => {
  const page = readFileSync(join(ROOT, 'docs', 'reference', 'bad-days.md'), 'utf8')
  const named = [...page.matchAll(/`((?:src|test)\/[^`]+)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({
    path,
    title,
  }))
  assert.ok(named.length > 20)
  const problems = named
    .filter(({ path, title }) => !readFileSync(join(ROOT, 'server', path), 'utf8').includes(title))
    .map(({ path, title }) => `${path}: ${title}`)
  assertNone(problems, 'a test that was renamed is renamed there, too')
})

test('no file names a path of somebody’s machine or a package registry', () => {
  // Spelt in parts, so that this file passes too.
  const forbidden = [
    ['/work', '/main'],
    ['/work', '/shared'],
    ['/root', '/'],
    ['/ho', 'me/\\w+/'],
    ['/Us', 'ers/\\w+/'],
    ['registry\\.', 'npm'],
    ['npm', 'mirror'],
    ['"resolved": ', '"https?:'],
  ].map((parts) => new RegExp(parts.join('')))
  const problems = files.flatMap(({ path, text }) => {
    const found = forbidden.map((pattern) => pattern.exec(text)?.[0]).find((match) => match !== undefined)
    return found === undefined ? [] : [`${path}: ${found}`]
  })
  assertNone(problems, 'use relative paths, and leave registries to npm')
})

test('every contract suite is run by two test files, or says that there is one implementation', () => {
  const problems = files
    .filter(({ path }) => path.endsWith('/contract.ts'))
    .filter(({ path, text }) => {
      const users = tests.filter((file) =>
        importsOf(file.text).some(({ specifier }) => resolve(ROOT, dirname(file.path), specifier) === join(ROOT, path)),
      )
      return users.length < 2 && !/\bone implementation\b/i.test(text)
    })
    .map(({ path }) => path)
  assertNone(
    problems,
    'a port with one implementation is not finished; say in the contract why there is one implementation',
  )
})

test('no file has two tests of one name', () => {
  const problems = tests.flatMap(({ path, text }) => {
    const names = [...text.matchAll(/^\s*(?:await )?(?:test|it|t\.test)\(\s*(['"`])(.+?)\1,/gm)].map(
      (match) => match[2]!,
    )
    const repeated = names.filter((name, i) => !name.includes('${') && names.indexOf(name) !== i)
    return repeated.map((name) => `${path}: ${name}`)
  })
  assertNone(problems, 'a failure must name one test')
})

test('no test is singled out, and none is left out without a reason', () => {
  const singled = /\b(?:test|it|describe|suite)\.only\(|\bonly: true\b/
  const unexplained = /\b(?:test|it|describe|suite)\.(?:skip|todo)\(|\bt\.(?:skip|todo)\(\)|\b(?:skip|todo): true\b/
  const problems = tests
    .filter(
      ({ path, text }) => path !== 'server/test/repository.test.ts' && (singled.test(text) || unexplained.test(text)),
    )
    .map(({ path }) => path)
  assertNone(problems, 'give the reason: { skip: condition ? "why" : false } or t.skip("why")')
})

test('links between pages lead to files that exist', () => {
  const problems = files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) => {
      const prose = text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '')
      const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!)
      const local = links.filter((link) => !/^([a-z]+:|#)/.test(link))
      return local
        .filter((link) => !existsSync(resolve(ROOT, dirname(path), decodeURIComponent(link.replace(/#.*/, '')))))
        .map((link) => `${path}: ${link}`)
    })
  assertNone(problems, 'broken links')
})

test('the guide documents every setting, its variable and its default', () => {
  const guide = files.find(({ path }) => path === 'docs/guide/configuration.md')!.text
  const problems = (Object.keys(settings) as SettingName[]).filter((name) => {
    const row = guide.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))
    const initial = name === 'dataDir' ? '~/.sluice' : String(settings[name].default)
    return !row?.includes(`\`${environmentName(name)}\``) || !row.includes(initial === '' ? '| — |' : `\`${initial}\``)
  })
  assertNone(problems, 'docs/guide/configuration.md has a row for each setting of config.ts')
})
