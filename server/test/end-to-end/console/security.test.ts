/** The console in a real browser, against pages and people that mean harm. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startPlatform, type TestPlatform } from '../../support/platform.ts'
import { ossClient } from '../../support/oss.ts'
import { collectErrors, noBrowser, openBrowser, originOf, signedIn } from './browser.ts'

/** Compressed, before the editor is opened. */
const FIRST_LOAD_BYTES_MAX = 300_000

/** What a page of a stranger tries; it runs in the browser and tells what came of each attempt. */
const ATTACKS = `async (console_) => {
  const attempt = async (action) => {
    try { return String(await action()) } catch (error) { return 'refused: ' + error.name }
  }
  const call = (path, options) => fetch(console_ + path, { credentials: 'include', ...options }).then((it) => it.text())
  const act = { method: 'POST', headers: { 'x-sluice-console': '1' }, body: '{"serviceName":"stolen"}' }
  return {
    origin: String(self.origin),
    cookie: await attempt(() => document.cookie),
    session: await attempt(() => call('/console/session')),
    read: await attempt(() => call('/console/api/2021-04-06/services')),
    act: await attempt(() => call('/console/api/2021-04-06/services', act)),
    blindAct: await attempt(() => call('/console/api/2021-04-06/services', { ...act, headers: {}, mode: 'no-cors' })),
    socket: await attempt(() => new Promise((resolve, reject) => {
      const socket = new WebSocket(console_.replace('http', 'ws') + '/console/api/2023-03-30/functions/f/instances/i/exec')
      socket.onopen = () => resolve('open')
      socket.onerror = () => reject(new Error('closed'))
    })),
    frame: await attempt(() => new Promise((resolve, reject) => {
      const frame = document.createElement('iframe')
      frame.onload = () => {
        try { resolve(frame.contentDocument.body.innerText) } catch (error) { reject(error) }
      }
      frame.src = console_ + '/console/'
      document.body.append(frame)
    })),
    worker: await attempt(() => navigator.serviceWorker.register(console_ + '/console/worker.js')),
    popup: await attempt(() => new Promise((resolve, reject) => {
      const opened = open(console_ + '/console/')
      setTimeout(() => {
        try { resolve(opened === null ? 'refused: no window' : opened.document.body.innerText) } catch (error) { reject(error) }
      }, 300)
    })),
  }
}`

/** Markup as a page would hold it that forgot to escape. */
const INJECTED = `(async () => {
  const add = (name, members) => {
    const element = Object.assign(document.createElement(name), members)
    document.body.append(element)
    return element
  }
  add('script', { textContent: 'globalThis.wasHere = true' })
  add('a', { href: 'javascript:globalThis.wasHere = true' }).click()
  const image = add('img', {})
  image.setAttribute('onerror', 'globalThis.wasHere = true')
  const failed = new Promise((resolve) => image.addEventListener('error', resolve))
  image.src = 'data:,'
  await failed
  return 'wasHere' in globalThis
})()`

interface Outcome extends Record<string, string> {
  origin: string
}

const HOSTILE_PAGE = `exports.handler = (request, response) => {
  response.setHeader('content-type', 'text/html')
  response.setHeader('content-security-policy', "script-src * 'unsafe-inline'")
  response.setHeader('set-cookie', 'planted=1; Path=/console')
  response.send('<!doctype html><title>harmless</title><body>a function</body>')
}`

/** Shows what it was sent. */
const ECHO = `exports.handler = (request, response) => {
  response.setHeader('content-type', 'application/json')
  response.send(JSON.stringify(request.headers))
}`

/** What a log may hold of somebody who wants to be more than text. */
const HOSTILE_LINES = [
  '<script>globalThis.wasHere = true</script>',
  '<img src=x onerror="globalThis.wasHere = true">',
  '\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u001b[2Jcleared',
  'order \u202etxt.exe\u202c reversed',
  `start ${'x'.repeat(1_000_000)} end`,
]
const SHOUTER = `exports.handler = async () => {
  for (const line of ${JSON.stringify(HOSTILE_LINES)}) console.log(line)
  return 'shouted'
}`

let platform: TestPlatform
let browser: Browser
let context: BrowserContext
let functionHost: string
let bucket: string

before(async () => {
  if (noBrowser) return
  ;[platform, browser] = await Promise.all([startPlatform({ SLUICE_SANDBOX: 'process' }), openBrowser()])
  const oss = ossClient(platform, { bucket: 'pages' })
  const deploy = (name: string, source: string) =>
    platform.deploy(name, { 'index.js': source }, { service: 'strangers', http: true })
  const { host } = await deploy('page', HOSTILE_PAGE)
  await deploy('echo', ECHO)
  await oss.call('putBucket', 'pages')
  await oss.call('put', 'page.html', Buffer.from('<!doctype html>an object'))
  functionHost = host
  bucket = await oss.sign('GET', 'page.html')
  context = await signedIn(browser, platform)
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

async function services(): Promise<string[]> {
  const answer = await context.request.get('/console/api/2021-04-06/services')
  return (await answer.json()).services.map(({ serviceName }: { serviceName: string }) => serviceName)
}

/** Opens the page beside one that is signed in, lets it attack, and checks that it got nothing. */
async function attackFrom(url: string): Promise<Outcome> {
  const page = await context.newPage()
  const statuses: number[] = []
  page.on('response', (response) => {
    if (response.url().includes('/console/api/')) statuses.push(response.status())
  })
  await page.goto(url)
  assert.match(await page.locator('body').innerText(), /^(a function|an object)$/)
  const outcome = (await page.evaluate(`(${ATTACKS})('${originOf(platform)}')`)) as Outcome
  await page.close()
  assert.doesNotMatch(outcome['cookie']!, /sluice/)
  for (const name of ['session', 'read', 'act', 'socket', 'frame', 'worker', 'popup']) {
    assert.match(outcome[name]!, /^refused: /, `${name} from ${url}`)
  }
  assert.ok(
    statuses.every((status) => status >= 400),
    `answers to ${url}: ${statuses.join(', ')}`,
  )
  assert.deepEqual(await services(), ['strangers'])
  return outcome
}

test(
  'a page that a function answers by path is a stranger to the console on the same address',
  { skip: noBrowser },
  async () => {
    const url = `${originOf(platform)}/2016-08-15/proxy/strangers/page/`
    const { origin } = await attackFrom(url)
    assert.equal(origin, 'null')
    const cookies = await context.cookies(`${originOf(platform)}/console`)
    const session = cookies.find(({ name }) => name.startsWith('sluice-session'))
    assert.deepEqual(
      [session?.httpOnly, session?.sameSite, session?.path, session?.domain],
      [true, 'Strict', '/console', 'localhost'],
    )
  },
)

test(
  'pages of functions on hosts of their own, and of the object service, cannot use the session',
  { skip: noBrowser },
  async () => {
    assert.notEqual((await attackFrom(`http://${functionHost}/`)).origin, 'null')
    const { origin } = await attackFrom(bucket.replace('127.0.0.1', 'localhost'))
    assert.equal(origin, `http://localhost:${platform.objectsPort}`)
  },
)

test(
  'an object or a function that is looked at through the console stays what it is: no page of the console',
  { skip: noBrowser },
  async () => {
    const window = await signedIn(browser, platform)
    const page = await window.newPage()
    await page.goto('/console/')
    const seen = await page.evaluate(async () => {
      const get = (path: string) => fetch(path, { headers: { 'x-sluice-console': '1' } })
      const object = await get('/console/objects/pages/page.html')
      const answer = await get('/console/api/2016-08-15/proxy/strangers/page/')
      const echo = await get('/console/api/2016-08-15/proxy/strangers/echo/')
      return {
        object: [await object.text(), object.headers.get('content-security-policy')],
        answer: [await answer.text(), answer.headers.get('content-security-policy')],
        headers: (await echo.json()) as Record<string, string>,
      }
    })
    assert.equal(seen.object[0], '<!doctype html>an object')
    assert.match(seen.answer[0]!, /a function/)
    for (const [, policy] of [seen.object, seen.answer])
      assert.match(policy!, /^sandbox allow-downloads; default-src 'none'/)
    const names = Object.keys(seen.headers).map((name) => name.toLowerCase())
    assert.ok(names.includes('host'))
    assert.ok(!names.some((name) => ['cookie', 'origin', 'x-sluice-console'].includes(name)), names.join(', '))
    assert.ok((await window.cookies()).every(({ name }) => name !== 'planted'))
    await window.close()
  },
)

test(
  'the pages run without a word against their own policy, and what is put into them does not run',
  { skip: noBrowser },
  async () => {
    const page = await context.newPage()
    const errors = collectErrors(page)
    await page.goto('/console/')
    await page.locator('#root > *').first().waitFor()
    assert.deepEqual(errors, [])
    const ran = await page.evaluate(INJECTED)
    assert.equal(ran, false)
    assert.ok(errors.length > 0, 'the browser says what it refused')
    await page.close()
  },
)

test(
  'text of a log is shown as text: markup, escape sequences, marks that turn text around, a line of a megabyte',
  { skip: noBrowser },
  async () => {
    await platform.deploy('shouter', { 'index.js': SHOUTER })
    assert.equal((await platform.invoke('shouter')).status, 200)
    const page = await context.newPage()
    const errors = collectErrors(page)
    await page.goto('/console/logs?function=shouter')
    const list = page.getByRole('main')
    await list.getByText(HOSTILE_LINES[0]!).waitFor()
    await list.getByText(HOSTILE_LINES[1]!).waitFor()
    await list.getByText('cleared').waitFor()
    const text = await list.innerText()
    assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|\p{Bidi_Control}/u)
    assert.ok(text.length < 100_000, `${text.length} characters are shown`)
    assert.equal(
      await page.evaluate('"wasHere" in globalThis || document.querySelector("main script, main img") !== null'),
      false,
    )
    assert.deepEqual(errors, [])
    await page.close()
  },
)

test('the first load stays below its bound', { skip: noBrowser }, async () => {
  const page = await context.newPage()
  const responses: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (!/\/console\/(api|objects|session)/.test(response.url())) responses.push(response.body())
  })
  await page.goto('/console/')
  await page.locator('main').waitFor()
  const sizes = (await Promise.all(responses)).map((body) => gzipSync(body).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(sizes.length >= 2)
  assert.ok(total <= FIRST_LOAD_BYTES_MAX, `${total} bytes in ${sizes.length} files`)
  await page.close()
})

test('a link signs in once, and its ticket is nowhere after it', { skip: noBrowser }, async () => {
  const ticketLink = async () => (await platform.call('POST', '/sluice/v1/console/tickets')).json<{ url: string }>().url
  const link = await ticketLink()
  const window = await browser.newContext({ locale: 'en-US' })
  const page = await window.newPage()
  const asked: string[] = []
  page.on('request', (request) => asked.push(`${request.url()} ${request.headers()['referer'] ?? ''}`))
  const dashboard = page.getByRole('heading', { name: 'Dashboard', exact: true })
  await page.goto(link)
  await dashboard.waitFor()
  assert.equal(page.url(), `${originOf(platform)}/console`)
  assert.ok(asked.length > 2 && asked.every((each) => !each.includes('ticket')), asked.join('\n'))
  const another = await ticketLink()
  // Over the page itself, which loads nothing anew.
  await page.evaluate(`location.hash = '${new URL(another).hash}'`)
  await page.waitForFunction('location.hash === ""')
  // Clicked a second time it leads back in, where one is signed in, and nobody else.
  await page.goto('about:blank')
  await page.goto(link)
  await dashboard.waitFor()
  const stranger = await browser.newContext({ locale: 'en-US' })
  const [english, chinese] = [await stranger.newPage(), await (await browser.newContext({ locale: 'zh-CN' })).newPage()]
  await english.goto(link)
  await english.getByText('This link does not sign in any more').waitFor()
  assert.equal(english.url(), `${originOf(platform)}/console`)
  await chinese.goto(another)
  await chinese.getByText('此登录链接已失效').waitFor()
  assert.doesNotMatch(platform.output, /ticket=/, 'neither what started it nor what it logged tells one')
  await Promise.all([window.close(), stranger.close(), chinese.context().close()])
})

test('a session opens no other, which would outlive its end', { skip: noBrowser }, async () => {
  const answer = await context.request.post('/console/api/sluice/v1/console/tickets', {
    headers: { origin: originOf(platform), 'x-sluice-console': '1' },
  })
  assert.equal(answer.status(), 403)
  assert.match(await answer.text(), /key pair signed/)
})

test('a stolen cookie is worth nothing after its owner has signed out', { skip: noBrowser }, async () => {
  const owner = await signedIn(browser, platform)
  const thief = await browser.newContext({ baseURL: originOf(platform) })
  await thief.addCookies(await owner.cookies())
  const status = async () => (await thief.request.get('/console/api/2023-03-30/functions')).status()
  assert.equal(await status(), 200)
  const page: Page = await owner.newPage()
  await page.goto('/console/')
  const answer = await page.evaluate(() =>
    fetch('/console/session', { method: 'DELETE', headers: { 'x-sluice-console': '1' } }).then((it) => it.status),
  )
  assert.equal(answer, 204)
  assert.deepEqual(await owner.cookies(), [])
  assert.equal(await status(), 401)
  await Promise.all([owner.close(), thief.close()])
})
