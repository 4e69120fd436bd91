import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeTerminal, sluice, temporaryFolder } from '../test/support.ts'
import { readTemplate } from './template/read.ts'
import { templates, TEMPLATES_FOLDER } from './templates.ts'

test('the list has every template, as it is in its folder', async () => {
  assert.deepEqual(templates.map(({ name }) => name).toSorted(), readdirSync(TEMPLATES_FOLDER).toSorted())
  for (const { name, runtime, build } of templates) {
    const [planned, ...more] = (await readTemplate(join(TEMPLATES_FOLDER, name, 's.yaml'), {})).functions
    assert.equal(more.length, 0, name)
    assert.equal(planned!.config['runtime'], runtime, name)
    const commands = planned!.build.map(({ command }) => command).join('; ')
    assert.ok(build === '' ? commands === '' : new RegExp(`\\b${build}\\b`).test(commands), `${name}: ${commands}`)
  }
  const { code, out } = await sluice(['init', '--list'], fakeTerminal())
  assert.equal(code, 0)
  const [head, ...rows] = out.trim().split('\n')
  assert.equal(head, 'TEMPLATE\tRUNTIME\tBUILD\tDESCRIPTION')
  assert.equal(rows.length, templates.length)
})

test('a template has a page of five lines, and what its build writes is no part of a repository', async (t) => {
  const folder = temporaryFolder(t)
  for (const { name, build } of templates) {
    const { code, err } = await sluice(['init', name, name], fakeTerminal({ folder }))
    assert.equal(code, 0, err)
    const page = readFileSync(join(folder, name, 'README.md'), 'utf8')
    assert.match(page, new RegExp(`^# ${name}\n`))
    assert.equal(page.split('\n').filter((line) => line !== '').length, 5, name)
    if (build !== '') assert.ok(existsSync(join(folder, name, '.gitignore')), name)
  }
})

test('init says what is missing, and where the list is', async (t) => {
  const folder = temporaryFolder(t)
  for (const [argv, told] of [
    [['init'], /which template\?\n.*init --list/],
    [['init', 'cobol', 'x'], /there is no template 'cobol'\n.*init --list/],
    [['init', 'flask'], /into which folder\?/],
  ] as [string[], RegExp][]) {
    const { code, err } = await sluice(argv, fakeTerminal({ folder }))
    assert.equal(code, 2)
    assert.match(err, told)
  }
})
