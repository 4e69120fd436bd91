import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Words } from './words.ts'

const SOURCE = join(import.meta.dirname, '..')
const dictionaries = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((path) =>
  /(^|[/-])words\.ts$/.test(path.replaceAll('\\', '/')),
)

for (const path of dictionaries.map((name) => join(SOURCE, name))) {
  const module = (await import(pathToFileURL(path).href)) as { words?: Words<Record<string, unknown>> }
  if (module.words === undefined) continue
  const { en, zh } = module.words

  test(`${relative(SOURCE, path)} says everything in both languages`, () => {
    assert.deepEqual(Object.keys(zh), Object.keys(en))
    for (const [key, english] of Object.entries(en)) {
      const chinese: unknown = zh[key]
      assert.equal(typeof chinese, typeof english, key)
      if (typeof english === 'string') assert.notEqual(english.trim(), '', key)
      if (typeof chinese === 'string') assert.notEqual(chinese.trim(), '', key)
      if (typeof english === 'function') assert.equal((chinese as () => string).length, english.length, key)
    }
  })
}

test('the dictionaries are found', () => {
  assert.ok(dictionaries.length > 5)
})
