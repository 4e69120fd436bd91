/** The client for Python of the vendor against the object service, with each version of its signature. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const packages = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'python')
const skip = existsSync(join(packages, 'oss2')) ? false : 'oss2 is not installed: npm test installs it where pip can'

let platform: TestPlatform
before(async () => {
  platform = await startPlatform({ SLUICE_SANDBOX: 'process', SLUICE_STEMS: '0' })
})
after(() => platform.stop())

for (const version of ['v1', 'v2', 'v4']) {
  test(`the Python client works with signature ${version}`, { skip }, async () => {
    const { accessKeyId, accessKeySecret } = platform.credentials
    const script = join(import.meta.dirname, 'objects_oss2.py')
    const endpoint = `http://127.0.0.1:${platform.objectsPort}`
    const { stdout } = await promisify(execFile)('python3', [script, endpoint, version, accessKeyId, accessKeySecret], {
      env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
    })
    assert.deepEqual(
      stdout.trim().split('\n'),
      ['buckets', 'objects', 'appended', 'lists', 'multipart', 'signed_urls', 'versions'].map((name) => `ok ${name}`),
    )
  })
}
