/** Layers from publishing to deleting with the unmodified SDKs of 2021-04-06 and 2023-03-30, in every kind of sandbox. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import fcOpen from '@alicloud/fc-open20210406'
import fc3 from '@alicloud/fc20230330'
import { makeZip } from '../../src/packages/zip-fixtures.ts'
import type { ZipEntry } from '../../src/packages/zip-fixtures.ts'
import { findOciParts } from '../../src/sandbox/oci-check.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { assertDownloads, fc3Client, fcOpenClient, REGION } from '../support/sdk.ts'
import { refused } from './management-support.ts'

const PROGRAM_MODE = 0o100755
const SERVICE = 'shop'

const pack = (...entries: ZipEntry[]) => makeZip(entries).toString('base64')
const file = (name: string, content: string) => ({ name, content })
const program = (name: string, content: string) => ({ name, content, mode: PROGRAM_MODE })

/** Requires a module, and runs a program, that only a layer has. */
const NODE_CODE = file(
  'index.js',
  `const { greet } = require('greeting')
   const { execFileSync } = require('child_process')
   const { readFileSync } = require('fs')
   exports.handler = async () => [
     greet(), execFileSync('shout').toString().trim(), readFileSync(process.env.SLUICE_LAYERS_PATH + '/note', 'utf8'),
   ].join()`,
)
const nodeLayer = (greeting: string) =>
  pack(
    file('nodejs/node_modules/greeting/index.js', `exports.greet = () => ${JSON.stringify(greeting)}`),
    program('bin/shout', '#!/bin/sh\necho LOUD'),
    file('note', `note of ${greeting}`),
  )

const PYTHON_CODE = file(
  'index.py',
  `import json, os, shared, only_second
def handler(event, context):
    return json.dumps({'shared': shared.NAME, 'second': only_second.NAME, 'libraries': os.environ['LD_LIBRARY_PATH']})`,
)

function suite(kind: 'process' | 'oci', skip: string | false): void {
  describe(`layers in ${kind} sandboxes`, { skip }, () => {
    const onlyInContainers =
      kind === 'oci' ? false : 'a process sees the file system of the host, and has started before'
    let platform: TestPlatform
    before(async () => {
      platform = await startPlatform({ SLUICE_SANDBOX: kind })
    })
    after(() => platform.stop())

    const arn = (name: string, version: number) =>
      `acs:fc:${REGION}:${platform.credentials.accountId}:layers/${name}/versions/${version}`

    test('2023-03-30: a nodejs function uses a layer, gets another version, and keeps it when it is deleted', async () => {
      const client = fc3Client(platform)
      const publish = async (zipFile: string) => {
        const code = new fc3.InputCodeLocation({ zipFile })
        const body = new fc3.CreateLayerVersionInput({ code, compatibleRuntime: ['nodejs20'], license: 'MIT' })
        return (await client.createLayerVersion('greetings', new fc3.CreateLayerVersionRequest({ body }))).body!
      }
      const update = (fields: object) =>
        client.updateFunction('f', new fc3.UpdateFunctionRequest({ body: new fc3.UpdateFunctionInput(fields) }))
      const invoke = async () => {
        const request = new fc3.InvokeFunctionRequest({ body: Readable.from([Buffer.from('')]) })
        return text((await client.invokeFunction('f', request)).body!)
      }

      const first = nodeLayer('one')
      const published = await publish(first)
      assert.deepEqual([published.version, published.acl, published.license], [1, '0', 'MIT'])
      assert.equal(published.layerVersionArn, arn('greetings', 1))
      await assertDownloads(published.code?.location, first)
      const created = await client.createFunction(
        new fc3.CreateFunctionRequest({
          body: new fc3.CreateFunctionInput({
            functionName: 'f',
            runtime: 'nodejs20',
            handler: 'index.handler',
            code: new fc3.InputCodeLocation({ zipFile: pack(NODE_CODE) }),
            layers: [arn('greetings', 1)],
          }),
        }),
      )
      assert.deepEqual(
        created.body?.layers?.map(({ arn: used, size }) => [used, size]),
        [[arn('greetings', 1), published.codeSize]],
      )
      assert.equal(await invoke(), 'one,LOUD,note of one')

      assert.equal((await publish(nodeLayer('two'))).version, 2)
      await update({ layers: [arn('greetings', 2)] })
      assert.equal(await invoke(), 'two,LOUD,note of two')

      await client.deleteLayerVersion('greetings', '2')
      await refused(client.getLayerVersion('greetings', '2'), 'LayerVersionNotFound', /code: 404, version '2'/)
      // Another configuration, so that another instance is started.
      await update({ environmentVariables: { CHANGED: '1' } })
      assert.equal(await invoke(), 'two,LOUD,note of two')

      const versions = await client.listLayerVersions(
        'greetings',
        new fc3.ListLayerVersionsRequest({ startVersion: '1' }),
      )
      assert.deepEqual(
        [versions.body?.layers?.map(({ version }) => version), versions.body?.nextVersion],
        [[1], undefined],
      )
      assert.equal((await publish(nodeLayer('three'))).version, 3)
      assert.equal((await client.getLayerVersionByArn(arn('greetings', 3))).body?.version, 3)
      await client.putLayerACL('greetings', new fc3.PutLayerACLRequest({ acl: '1' }))
      const open = await client.listLayers(new fc3.ListLayersRequest({ public: 'true' }))
      assert.deepEqual(
        open.body?.layers?.map(({ layerName, version, acl }) => [layerName, version, acl]),
        [['greetings', 3, '1']],
      )
    })

    test('2021-04-06: a python function uses two layers, of which the first wins', async () => {
      const client = fcOpenClient(platform)
      const publish = async (name: string, ...files: ZipEntry[]) => {
        const code = new fcOpen.Code({ zipFile: pack(...files) })
        const request = new fcOpen.CreateLayerVersionRequest({
          code,
          compatibleRuntime: ['python3.10'],
          description: 'd',
        })
        return (await client.createLayerVersion(name, request)).body
      }
      const first = await publish('first', file('python/shared.py', "NAME = 'of the first'"))
      assert.deepEqual([first.arn, first.version, first.acl, first.description], [arn('first', 1), 1, 0, 'd'])
      assert.ok(first.codesize! > 0)
      await publish(
        'second',
        file('python/shared.py', "NAME = 'of the second'"),
        file('python/only_second/__init__.py', "NAME = 'a package'"),
      )
      const list = await client.listLayers(new fcOpen.ListLayersRequest({ prefix: 'sec' }))
      assert.deepEqual(
        list.body.layers?.map(({ layerName, arnV2 }) => [layerName, arnV2]),
        [['second', arn('second', 1)]],
      )

      await client.createService(new fcOpen.CreateServiceRequest({ serviceName: SERVICE }))
      const layers = [arn('first', 1), arn('second', 1)]
      const created = await client.createFunction(
        SERVICE,
        new fcOpen.CreateFunctionRequest({
          functionName: 'f',
          runtime: 'python3.10',
          handler: 'index.handler',
          code: new fcOpen.Code({ zipFile: pack(PYTHON_CODE) }),
          layers,
        }),
      )
      assert.deepEqual([created.body.layers, created.body.layersArnV2], [layers, layers])
      const invoke = async () => {
        const answer = await client.invokeFunction(SERVICE, 'f', new fcOpen.InvokeFunctionRequest({}))
        return JSON.parse(answer.body.toString()) as Record<string, string>
      }
      const answer = await invoke()
      assert.deepEqual([answer['shared'], answer['second']], ['of the first', 'a package'])
      assert.match(answer['libraries']!, /\/lib$/)

      const swapped = new fcOpen.UpdateFunctionRequest({ layers: layers.toReversed() })
      await client.updateFunction(SERVICE, 'f', swapped)
      assert.equal((await invoke())['shared'], 'of the second')

      await client.putLayerACL('first', new fcOpen.PutLayerACLRequest({ public: true }))
      assert.equal((await client.getLayerVersion('first', '1')).body.acl, 1)
      await client.deleteLayerVersion('first', '1')
      await refused(
        client.listLayerVersions('first', new fcOpen.ListLayerVersionsRequest({})),
        'LayerNotFound',
        /layer 'first' does not exist/,
      )
      await client.updateFunction(SERVICE, 'f', new fcOpen.UpdateFunctionRequest({ layers: [] }))
      const failed = await client.invokeFunction(SERVICE, 'f', new fcOpen.InvokeFunctionRequest({}))
      assert.equal(failed.headers['x-fc-error-type'], 'UnhandledInvocationError')
      assert.match(failed.body.toString(), /No module named 'shared'/)
    })

    test('a layer and what uses it survive the sudden end of the platform', async () => {
      await platform.kill()
      await platform.start()
      assert.equal((await platform.invoke('f')).text, 'two,LOUD,note of two')
      const { status } = await platform.call('GET', '/2023-03-30/layers/greetings/versions/3')
      assert.equal(status, 200)
    })

    test('what layers hold of programs and libraries is found by both runtimes', async () => {
      const zipFile = pack(program('bin/tool', '#!/bin/sh\necho "from $0"'), file('lib/libnone.so', ''))
      const layer = await platform.call('POST', '/2023-03-30/layers/programs/versions', { code: { zipFile } })
      assert.equal(layer.status, 200, layer.text)
      const layers = [arn('programs', 1)]
      const js = `exports.handler = async () => require('child_process').execFileSync('tool').toString()`
      await platform.deploy('in-node', { 'index.js': js }, { layers })
      const py = "import subprocess\ndef handler(*_): return subprocess.run(['tool'], capture_output=True).stdout"
      await platform.deploy('in-python', { 'index.py': py }, { layers, runtime: 'python3.10' })
      for (const name of ['in-node', 'in-python']) {
        const answer = await platform.invoke(name)
        assert.match(answer.text, /^from \/.*\/tool\n$/, name)
        if (kind === 'oci') assert.equal(answer.text, 'from /opt/bin/tool\n')
      }
    })

    test('a library of a layer is found by the process that runs already', { skip: onlyInContainers }, async () => {
      const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] }
      const library = readFileSync(sharedObjects.find((path) => /\/libm\b/.test(path))!)
      const zipFile = pack({ name: 'lib/libof-a-layer.so', content: library, deflate: true })
      const layer = await platform.call('POST', '/2023-03-30/layers/libraries/versions', { code: { zipFile } })
      assert.equal(layer.status, 200, layer.text)
      const py = "import ctypes\ndef handler(*_): return hex(ctypes.CDLL('libof-a-layer.so').lround is None)"
      await platform.deploy(
        'with-library',
        { 'index.py': py },
        { layers: [arn('libraries', 1)], runtime: 'python3.10' },
      )
      assert.equal((await platform.invoke('with-library')).text, '0x0')
    })

    test('functions without layers have a place for them with nothing in it', { skip: onlyInContainers }, async () => {
      const js = `exports.handler = async () => require('fs').readdirSync('/opt').join()`
      await platform.deploy('without', { 'index.js': js })
      assert.equal((await platform.invoke('without')).text, 'lib')
    })
  })
}

const parts = findOciParts(process.env['PATH'] ?? '', '', '/usr/bin/python3')
suite('process', false)
suite('oci', 'missing' in parts ? `no containers here: ${parts.missing}` : false)
