'use strict'

/** Zips that are the same whenever their files are, so that what has not changed is known by its hash. */
const { readdirSync, readFileSync, statSync, existsSync } = require('node:fs')
const path = require('node:path')
const { buffer } = require('node:stream/consumers')
const yazl = require('yazl')

const ROOT = path.join(__dirname, '..')
const MODIFIED = new Date(Date.UTC(2000, 0, 1, 12))

/** `places`: where files of the archive come from. */
async function zip(places) {
  const archive = new yazl.ZipFile()
  for (const [name, file] of [...places].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const mode = statSync(file).mode & 0o111 ? 0o100755 : 0o100644
    archive.addBuffer(readFileSync(file), name, { mtime: MODIFIED, mode, compressionLevel: 1 })
  }
  archive.end()
  return buffer(archive.outputStream)
}

function filesBelow(folder, prefix) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = [`${prefix}${entry.name}`, path.join(folder, entry.name)]
    if (entry.isDirectory()) return filesBelow(place[1], `${place[0]}/`)
    return entry.isFile() ? [place] : []
  })
}

/** The dependencies of package.json with theirs, where Node.js looks for them in a layer. */
function zipLayer() {
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'))
  const needed = Object.entries(packages)
    .filter(
      ([place, { dev }]) =>
        /^node_modules\/(@[^/]+\/)?[^/]+$/.test(place) && !dev && existsSync(path.join(ROOT, place)),
    )
    .flatMap(([place]) => filesBelow(path.join(ROOT, place), `nodejs/${place}/`))
  return zip(needed)
}

const zipFunction = () => zip(filesBelow(path.join(ROOT, 'function'), ''))

module.exports = { zipFunction, zipLayer }
