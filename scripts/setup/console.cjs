/** The console's pages are built when their sources have changed; they lie in console/dist. */
'use strict'

const { createHash } = require('node:crypto')
const { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { runQuietly } = require('./process.cjs')
const { step } = require('./report.cjs')

/** What the pages are made of, below console/. */
const INPUTS = ['index.html', 'vite.config.ts', 'package.json', 'src', 'public']

/** Builds with the Node.js of the project; does nothing when the pages are those of the sources. */
async function buildConsole(root, node) {
  const folder = path.join(root, 'console')
  const pages = path.join(folder, 'dist')
  const stamp = path.join(pages, '.stamp')
  const wanted = stateOf(root)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  await step('building the console (vite)', async () => {
    const unfinished = `${pages}.new`
    rmSync(unfinished, { recursive: true, force: true })
    const vite = path.join(root, 'node_modules', 'vite', 'bin', 'vite.js')
    await runQuietly(node, [vite, 'build', '--outDir', unfinished, '--logLevel', 'warn'], { cwd: folder })
    writeFileSync(path.join(unfinished, '.stamp'), wanted)
    rmSync(pages, { recursive: true, force: true })
    renameSync(unfinished, pages)
  })
}

/** Of the sources and of the packages that they use; another state means another build. */
function stateOf(root) {
  const hash = createHash('sha256')
  const files = [...INPUTS.flatMap((name) => filesAt(root, path.join('console', name))), 'package-lock.json']
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(path.join(root, file)))
  hash.update(readFileSync(__filename))
  return hash.digest('hex')
}

function filesAt(root, place) {
  const whole = path.join(root, place)
  if (!existsSync(whole)) return []
  if (path.extname(place) !== '') return [place]
  return readdirSync(whole, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = path.join(place, entry.name)
      return entry.isDirectory() ? filesAt(root, inside) : [inside]
    })
}

module.exports = { buildConsole, stateOf }
