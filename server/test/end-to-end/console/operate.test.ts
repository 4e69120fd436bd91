/** What a person does with a platform that runs: reads its logs, keeps objects, and is warned. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { startPlatform, type TestPlatform } from '../../support/platform.ts'
import { collectErrors, noBrowser, openBrowser, signedIn } from './browser.ts'

/** What a function prints that means harm to whoever reads it. */
const HOSTILE = `exports.handler = async () => {
  console.log('<img src=x onerror="globalThis.wasHere = true"><script>globalThis.wasHere = true</script>')
  console.log('\\x1b[31mred\\x1b[0m \\x1b[2Jcleared')
  console.log('invoice\\u202efdp.exe')
  console.log('x'.repeat(30000) + 'needle')
  return 'printed'
}`
const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" onload="top.wasHere = true"><script>top.wasHere = true</script></svg>'

let platform: TestPlatform
let browser: Browser
let context: BrowserContext

before(async () => {
  if (noBrowser) return
  ;[platform, browser] = await Promise.all([startPlatform({ SLUICE_SANDBOX: 'process' }), openBrowser()])
  await platform.deploy('hostile', { 'index.js': HOSTILE })
  await platform.deploy('hello', { 'index.js': 'exports.handler = async (event) => console.log(`hello ${event}`)' })
  await platform.invoke('hostile')
  context = await signedIn(browser, platform)
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
const wasHere = (page: Page) => page.evaluate(() => 'wasHere' in globalThis)

async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage()
  const errors = collectErrors(page)
  await page.goto(`/console${path}`)
  return { page, errors }
}

test('text that functions print is text: nothing in it runs, moves or turns around', { skip: noBrowser }, async () => {
  const { page, errors } = await open('/logs?function=hostile')
  await page.getByText('<img src=x onerror="globalThis.wasHere = true">').waitFor()
  assert.equal(await page.locator('main img, main script').count(), 0)
  assert.equal(await page.locator('.ansi-1', { hasText: 'red' }).count(), 1)
  const shown = await page.locator('.hits').innerText()
  assert.match(shown, /⟨ESC⟩\[2Jcleared/)
  assert.match(shown, /invoice⟨RLO⟩fdp\.exe/)
  assert.doesNotMatch(shown, /needle/)
  for (let step = 0; step < 2; step++) await page.getByRole('button', { name: /^show more/ }).click()
  await page.getByText(/xneedle$/).waitFor()
  assert.equal(await wasHere(page), false)
  assert.deepEqual(errors, [])
  await page.close()
})

test(
  'what is searched for is shown also where it stands beyond the cut of a long line',
  { skip: noBrowser },
  async () => {
    const { page } = await open('/logs?query=needle')
    await page.locator('mark', { hasText: 'needle' }).waitFor()
    await page.close()
  },
)

test('a malformed query says what was expected, with the place marked', { skip: noBrowser }, async () => {
  const { page } = await open('/logs')
  const query = page.getByLabel('Query', { exact: true })
  await query.fill('level: (a b')
  await query.press('Enter')
  const mistake = page.getByRole('alert')
  await mistake.waitFor()
  assert.match(await mistake.innerText(), /expected a (value|number)/)
  assert.equal(await mistake.locator('mark').innerText(), 'a')
  assert.equal(await query.getAttribute('aria-invalid'), 'true')
  await query.fill('printed OR invoice')
  await query.press('Enter')
  await page.getByText('invoice').first().waitFor()
  assert.equal(await mistake.count(), 0)
  await page.close()
})

test('a browser that believes to be offline still asks the platform', { skip: noBrowser }, async () => {
  const { page } = await open('/logs')
  await page.evaluate("dispatchEvent(new Event('offline'))")
  const query = page.getByLabel('Query', { exact: true })
  await query.fill('printed OR invoice')
  await query.press('Enter')
  await page.getByText('invoice').first().waitFor()
  await page.close()
})

test(
  'a stretch of the histogram is chosen by the keyboard and stands in the address',
  { skip: noBrowser },
  async () => {
    const { page } = await open('/logs?function=hostile')
    const bars = page.getByRole('slider', { name: 'Hits over time' })
    await bars.focus()
    // The last bar holds now; the one before it, too, is new enough.
    await bars.press('ArrowLeft')
    await bars.press('Shift+ArrowRight')
    await bars.press('Enter')
    await page.waitForURL(/range=\d+-\d+/)
    const [from, to] = new URL(page.url()).searchParams.get('range')!.split('-').map(Number)
    assert.equal(to! - from!, 2 * 60_000)
    await page.getByText('invoice').waitFor()
    await page.close()
  },
)

test(
  'lines are followed as they come; a pause stands still and goes on with what came meanwhile',
  { skip: noBrowser },
  async () => {
    const { page } = await open('/logs?follow=true&function=hello')
    await page.locator('.live-dot.on').waitFor()
    await platform.invoke('hello', 'first')
    await page.getByText('hello first').waitFor()
    await button(page, 'Pause').click()
    await platform.invoke('hello', 'second')
    await button(page, /^Resume \([1-9]/).waitFor()
    assert.equal(await page.getByText('hello second').count(), 0)
    await button(page, /^Resume/).click()
    await page.getByText('hello second').waitFor()
    await page.close()
  },
)

test('a line leads to its whole request', { skip: noBrowser }, async () => {
  const { page, errors } = await open('/logs?query=invoice')
  await button(page, /^\d\d:\d\d:\d\d/)
    .first()
    .click()
  await page.getByRole('link', { name: 'Whole request' }).click()
  await page.getByRole('heading', { name: 'Where its time went' }).waitFor()
  await page.getByText('Execution').waitFor()
  await page.getByText('invoice').waitFor()
  await page.getByText('<img src=x').waitFor()
  assert.deepEqual(errors, [])
  await page.close()
})

test(
  'a bucket is made, filled, looked into and cleared; what lies in it never becomes a page',
  { skip: noBrowser },
  async () => {
    const { page, errors } = await open('/buckets')
    await button(page, 'New bucket').click()
    await page.getByLabel('Name', { exact: true }).fill('pictures')
    await button(page, 'Create').click()
    await page.getByRole('link', { name: 'pictures' }).click()
    await page
      .getByLabel('Upload', { exact: true })
      .last()
      .setInputFiles([
        { name: 'evil.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(SVG) },
        {
          name: 'not a picture.png',
          mimeType: 'image/png',
          buffer: Buffer.from('<script>top.wasHere = true</script>'),
        },
      ])
    await button(page, 'evil.svg').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(SVG).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('link', { name: 'Download' }).click(),
    ])
    assert.equal(download.suggestedFilename(), 'evil.svg')
    await page.keyboard.press('Escape')
    await button(page, 'not a picture.png').click()
    await dialog.getByText('neither text nor a picture').waitFor()
    assert.equal(await page.locator('main img, dialog img').count(), 0)
    await page.keyboard.press('Escape')
    for (const name of ['evil.svg', 'not a picture.png']) await page.getByLabel(`Choose ${name}`).check()
    await button(page, 'Delete').click()
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByText('Nothing lies here').waitFor()
    assert.equal(await wasHere(page), false)
    assert.deepEqual(errors, [])
    await page.close()
  },
)

test('a route is tested, a rule is made that tells it, and kept quiet', { skip: noBrowser }, async () => {
  const { page, errors } = await open('/alerts/routes')
  const dialog = page.getByRole('dialog')
  const tab = (name: string) =>
    page.getByRole('navigation', { name: 'Alerts' }).getByRole('link', { name, exact: true }).click()
  await button(page, 'New route').click()
  await dialog.getByLabel('Name', { exact: true }).fill('caller')
  await dialog.getByLabel('Kind').selectOption('function')
  await dialog.getByLabel('Function', { exact: true }).fill('hello')
  await button(page, 'Create').click()
  await page.getByRole('row').filter({ hasText: 'caller' }).getByRole('button', { name: 'Test' }).click()
  await dialog.getByText('delivered').first().waitFor()
  await page.keyboard.press('Escape')

  await tab('Rules')
  await button(page, 'New rule').click()
  await button(page, 'Create').click()
  assert.equal(await dialog.getByText('This is needed.').count(), 3)
  await dialog.getByLabel('Metric').selectOption('FunctionTotalInvocations')
  await dialog.getByLabel('Function', { exact: true }).fill('hello')
  await dialog.getByLabel(/^Threshold/).fill('1000000')
  await dialog.getByLabel('caller').check()
  await dialog.getByLabel('Name', { exact: true }).fill('busy')
  await button(page, 'Create').click()
  const row = page.getByRole('row').filter({ hasText: 'busy' })
  await row.getByText('FunctionTotalInvocations (hello) > 1,000,000').waitFor()

  await row.getByRole('button', { name: 'Silence: busy' }).click()
  await button(page, 'Silence').click()
  await tab('Silences')
  await page.getByRole('row').filter({ hasText: 'busy' }).getByText('active').waitFor()
  await tab('History')
  await page.getByText('→ caller').first().waitFor()
  assert.deepEqual(errors, [])
  await page.close()
})
