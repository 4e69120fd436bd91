/** Promises of a sandbox about the layers that its function gets beside its code. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS } from './contract-agent.ts'
import type { Promises, Scene } from './contract-scene.ts'

/** Folders of the host with a file each. */
function foldersIn({ scratch }: Scene) {
  const [codeFolder, layersFolder] = ['code', 'layers'].map((name) => join(scratch, name)) as [string, string]
  mkdirSync(codeFolder)
  writeFileSync(join(codeFolder, 'index.js'), 'code')
  mkdirSync(join(layersFolder, 'lib'), { recursive: true })
  writeFileSync(join(layersFolder, 'lib', 'shared'), 'layer')
  return { codeFolder, layersFolder }
}

export const layers: Promises = {
  'layers are at the path that specialise tells, beside the code, for a program that runs already': async (scene) => {
    const { code, layers: path, evaluate } = await scene.agent(foldersIn(scene))
    assert.equal(await evaluate(`fs.readFileSync('${path}/lib/shared', 'utf8')`), 'layer')
    assert.equal(await evaluate(`fs.readFileSync('${code}/index.js', 'utf8')`), 'code')
    assert.deepEqual(await evaluate(`fs.readdirSync('${path}')`), ['lib'])
  },

  'code and layers are where functions expect them, known beforehand': async (scene) => {
    const { code, layers: path } = await scene.agent(foldersIn(scene))
    assert.deepEqual({ code, layers: path }, { code: '/code', layers: '/opt' })
    assert.deepEqual(scene.runtime.folders, { code, layers: path })
  },

  'without layers there are none': async (scene) => {
    const { codeFolder } = foldersIn(scene)
    const { sandbox } = await scene.agent()
    assert.equal((await sandbox.specialise({ code: codeFolder, layers: null }, LIMITS)).layers, null)
  },

  'layers are seen by the sandbox that has them and by no other': async (scene) => {
    const { layers: path } = await scene.agent(foldersIn(scene))
    const { evaluate } = await scene.agent({ codeFolder: join(scene.scratch, 'code') })
    assert.equal(await evaluate(`fs.existsSync('${path}/lib/shared')`), false)
  },

  'layers cannot be changed from inside': async (scene) => {
    const { layersFolder, ...folders } = foldersIn(scene)
    const { layers: path, evaluate } = await scene.agent({ ...folders, layersFolder })
    for (const attempt of [
      `fs.writeFileSync('${path}/new', '')`,
      `fs.writeFileSync('${path}/lib/shared', '')`,
      `fs.unlinkSync('${path}/lib/shared')`,
      `fs.chmodSync('${path}/lib/shared', 0o777)`,
      `fs.rmdirSync('${path}')`,
    ]) {
      await assert.rejects(evaluate(attempt), /E(ROFS|ACCES|PERM|BUSY)/, attempt)
    }
    assert.equal(readFileSync(join(layersFolder, 'lib', 'shared'), 'utf8'), 'layer')
  },

  'a link in a layer leads to no file of the host': async (scene) => {
    const folders = foldersIn(scene)
    const secret = join(scene.scratch, 'secret')
    writeFileSync(secret, 'secret')
    symlinkSync(secret, join(folders.layersFolder, 'absolute'))
    symlinkSync('../secret', join(folders.layersFolder, 'relative'))
    const { layers: path, evaluate } = await scene.agent(folders)
    assert.ok(existsSync(join(folders.layersFolder, 'relative')))
    for (const name of ['absolute', 'relative']) {
      assert.equal(await evaluate(`fs.existsSync('${path}/${name}')`), false, name)
    }
  },

  'layers that do not exist are refused, and the sandbox can be given others': async (scene) => {
    const { codeFolder, layersFolder } = foldersIn(scene)
    const { sandbox, evaluate } = await scene.agent()
    const missing = { code: codeFolder, layers: join(scene.scratch, 'none') }
    await assert.rejects(sandbox.specialise(missing, LIMITS), /none does not exist/)
    const { layers: path } = await sandbox.specialise({ code: codeFolder, layers: layersFolder }, LIMITS)
    assert.equal(await evaluate(`fs.existsSync('${path}/lib/shared')`), true)
  },

  'layers stay on the host when the sandbox is gone': async (scene) => {
    const folders = foldersIn(scene)
    const { sandbox } = await scene.agent(folders)
    await sandbox.stop(0)
    assert.deepEqual(readdirSync(join(folders.layersFolder, 'lib')), ['shared'])
  },
}
