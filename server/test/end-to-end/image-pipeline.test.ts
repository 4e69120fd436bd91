/** The blueprint of blueprints/image-pipeline, as its users run it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ossClient } from '../support/oss.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const FOLDER = fileURLToPath(new URL('../../../blueprints/image-pipeline', import.meta.url))
let platform: TestPlatform

before(async () => {
  platform = await startPlatform()
})
after(() => platform.stop())

async function run(script: string): Promise<string> {
  const { accessKeyId, accessKeySecret } = platform.credentials
  const env = {
    PATH: process.env['PATH'],
    SLUICE_ENDPOINT: `http://127.0.0.1:${platform.port}`,
    SLUICE_ACCESS_KEY_ID: accessKeyId,
    SLUICE_ACCESS_KEY_SECRET: accessKeySecret,
  }
  return (await promisify(execFile)(process.execPath, [`src/${script}.js`], { cwd: FOLDER, env })).stdout
}

test('photos become thumbnails and descriptions, a broken one an event at the failure destination', async () => {
  const output = await run('run')
  assert.match(output, /layer .*imaging\/versions\/1 \(.* MB, new\)/)
  assert.match(output, /│ portrait\.jpg +│ 'jpeg' │ '900×1350' .* '160×240 .*, 640×960 /)
  assert.match(output, /broken\.jpg failed: .*premature end/)
  assert.match(output, /its event is kept in thumbnails\/failed\/thumbnailer\//)
  const links = output.match(/^http:.*$/gm) ?? []
  assert.equal(links.length, 12)
  const thumbnail = await fetch(links[0]!)
  assert.equal(thumbnail.headers.get('content-type'), 'image/webp')
  assert.equal(Buffer.from(await thumbnail.arrayBuffer()).toString('latin1', 8, 12), 'WEBP')
  const thumbnails = ossClient(platform, { bucket: 'thumbnails' })
  const { content } = await thumbnails.call<{ content: Buffer }>('get', 'from-a-phone.jpg.json')
  const report = JSON.parse(content.toString()) as { width: number; height: number; averageColour: string }
  assert.deepEqual([report.width, report.height], [1333, 1000], 'as it is to be seen, not as its pixels lie')
  assert.match(report.averageColour, /^#[0-9a-f]{6}$/)
})

test('a function that causes its own events is stopped, and told why', async () => {
  const output = await run('loop')
  assert.match(output, /layer .*imaging\/versions\/1 \(.* MB, unchanged\)/, 'what has not changed is not sent again')
  assert.match(output, /after 16 thumbnails of thumbnails the platform stopped:/)
  assert.match(output, /LimitExceededError: .* for 16 triggers in a row led to it/)
})
