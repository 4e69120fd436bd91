import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ImageError } from './limits.ts'
import { parseReference } from './reference.ts'

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-reference-')))
after(() => rmSync(scratch, { recursive: true }))
const images = join(scratch, 'images')
mkdirSync(join(images, 'hello'), { recursive: true })
mkdirSync(join(scratch, 'images-of-others'))
writeFileSync(join(images, 'saved.tar'), '')
writeFileSync(join(scratch, 'secret.tar'), '')
symlinkSync(scratch, join(images, 'out'))
symlinkSync('hello', join(images, 'alias'))

const parse = (text: string) => parseReference(text, images)

test('a registry is named with or without its transport, by tag or digest', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const cases: [string, string, string, string | null][] = [
    ['registry.example.com/team/app:v1', 'registry.example.com/team/app', 'v1', null],
    ['docker://localhost:5000/app', 'localhost:5000/app', 'latest', null],
    ['alpine', 'alpine', 'latest', null],
    [`host/app@${digest}`, 'host/app', '', digest],
    [`host:1/app:v2@${digest}`, 'host:1/app', 'v2', digest],
  ]
  for (const [text, repository, tag, wanted] of cases) {
    assert.deepEqual(parse(text), { kind: 'registry', repository, tag, digest: wanted })
  }
})

test('local images are found in the folder of images, by relative or absolute path', () => {
  const hello = join(images, 'hello')
  assert.deepEqual(parse('oci:hello:latest'), { kind: 'oci', path: hello, name: 'latest' })
  assert.deepEqual(parse(`oci:${hello}`), { kind: 'oci', path: hello, name: '' })
  assert.deepEqual(parse('oci:alias:v1'), { kind: 'oci', path: hello, name: 'v1' })
  const saved = { kind: 'docker-archive', path: join(images, 'saved.tar'), name: 'app:v1' }
  assert.deepEqual(parse('docker-archive:saved.tar:app:v1'), saved)
})

test('what lies outside of the folder is refused in the same words whether it exists or not', () => {
  const said = [
    `docker-archive:${join(scratch, 'secret.tar')}`,
    `docker-archive:${join(scratch, 'nothing.tar')}`,
    'docker-archive:../secret.tar',
    'docker-archive:out/secret.tar',
    `oci:${join(scratch, 'images-of-others')}:latest`,
    'oci:/etc:latest',
    `oci:${images}`,
  ].map((text) => {
    try {
      parse(text)
      return `${text} was accepted`
    } catch (error) {
      assert.ok(error instanceof ImageError)
      return error.message
    }
  })
  assert.deepEqual([...new Set(said)], [said[0]])
  assert.match(said[0]!, /imagesDir/)
})

test('what cannot be read is refused with what is accepted', () => {
  for (const text of [
    '',
    'host/app:',
    'host/app@sha256:1',
    '-app',
    'a b',
    'oci::x',
    'host/app:--tag',
    'x'.repeat(2000),
  ]) {
    assert.throws(() => parse(text), ImageError, text)
  }
  assert.throws(() => parse('oci:gone:latest'), /there is no "gone"/)
})
