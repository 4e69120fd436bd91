/** The five steps, and the bill, as a person takes them: from an empty platform, by what is written on the page. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startPlatform, type TestPlatform } from '../../support/platform.ts'
import { checkAccessible, collectErrors, NARROW, noBrowser, openBrowser, originOf, signedIn, WIDE } from './browser.ts'

let platform: TestPlatform
let browser: Browser

before(async () => {
  if (noBrowser) return
  ;[platform, browser] = await Promise.all([startPlatform({ SLUICE_SANDBOX: 'process' }), openBrowser()])
})
after(async () => {
  await browser?.close()
  await platform?.stop()
})

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const heading = (page: Page, name: string) => page.getByRole('heading', { name, exact: true })

/** By the navigation. */
async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
  await page.locator('main h1').waitFor()
}

async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Parts of the function' }).getByRole('link', { name, exact: true }).click()
}

async function signsIn(page: Page): Promise<void> {
  const { accessKeyId, accessKeySecret } = platform.credentials
  await page.goto('/')
  await page.getByLabel('Access key ID').fill(accessKeyId)
  await page.getByLabel('Access key secret').fill('wrong')
  await button(page, 'Sign in').click()
  await page.getByText('this is not the key pair of the account').waitFor()
  await checkAccessible(page)
  await page.getByLabel('Access key secret').fill(accessKeySecret)
  await page.keyboard.press('Enter')
  await heading(page, 'Dashboard').waitFor()
  await checkAccessible(page)
}

async function createsService(page: Page): Promise<void> {
  await goTo(page, 'Functions')
  await page.getByText('No functions yet').waitFor()
  await button(page, 'Create service').click()
  const dialog = page.getByRole('dialog', { name: 'Create service' })
  await dialog.getByLabel('Name').fill('shop')
  await dialog.getByRole('button', { name: 'Create', exact: true }).click()
  await page.getByText('shop was created').waitFor()
}

async function createsFunction(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Create function' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('orders')
  await page.getByLabel('Service').selectOption('shop')
  await checkAccessible(page)
  await button(page, 'Create function').click()
  await heading(page, 'orders').waitFor()
  await page.getByText('saying hello to').waitFor()
  await checkAccessible(page)
}

async function addsTrigger(page: Page): Promise<void> {
  await openTab(page, 'Triggers')
  await button(page, 'Create trigger').click()
  const dialog = page.getByRole('dialog', { name: 'Create trigger' })
  await dialog.getByLabel('Type').selectOption({ label: 'Timer' })
  await dialog.getByLabel('Name', { exact: true }).fill('nightly')
  await dialog.getByLabel('When').fill('0 0 3 * * *')
  await dialog.getByRole('button', { name: 'Create trigger' }).click()
  await page.getByRole('cell', { name: 'nightly', exact: true }).waitFor()
  await checkAccessible(page)
}

async function runsIt(page: Page): Promise<void> {
  await openTab(page, 'Test')
  await page.getByLabel('Event', { exact: true }).fill('{"name":"Ada"}')
  await button(page, 'Run').click()
  await page.getByText('Succeeded').waitFor()
  await page.getByText('Hello, Ada!').waitFor()
  await heading(page, 'Where the time went').waitFor()
  await page.getByText('Cold start', { exact: true }).waitFor()
  await page.getByText('saying hello to Ada').waitFor()
  await checkAccessible(page)
}

async function findsItsLog(page: Page): Promise<void> {
  await goTo(page, 'Logs')
  await page.getByLabel('Query', { exact: true }).fill('hello AND Ada')
  await button(page, 'Search').click()
  const lines = page.getByRole('listitem').filter({ hasText: 'saying hello to Ada' })
  await lines.first().waitFor()
  assert.equal(await lines.count(), 1)
  await checkAccessible(page)
}

async function seesItMonitored(page: Page): Promise<void> {
  await goTo(page, 'Functions')
  await page.getByRole('link', { name: 'shop / orders' }).click()
  await openTab(page, 'Monitoring')
  const chart = page.getByRole('figure').filter({ has: heading(page, 'Invocations') })
  await chart.getByText('highest 1').first().waitFor()
  await checkAccessible(page)
  await goTo(page, 'Dashboard')
  await page
    .getByRole('link', { name: /orders/ })
    .first()
    .waitFor()
  await checkAccessible(page)
}

async function seesItsCost(page: Page): Promise<void> {
  await goTo(page, 'Bill')
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'shop$orders' }) })
  await row.waitFor()
  assert.equal(await row.getByRole('cell').nth(1).innerText(), '1')
  await checkAccessible(page)
}

async function looksAround(page: Page): Promise<void> {
  for (const name of ['Instances', 'Async & tasks', 'Objects', 'Alerts', 'Runtimes', 'Settings']) {
    await goTo(page, name)
    await heading(page, name).waitFor()
    await checkAccessible(page)
  }
}

test('a person walks from an empty platform to the bill', { skip: noBrowser }, async () => {
  // Axe is no script of the console's own; what the policy of the pages refuses is tested elsewhere.
  const context = await browser.newContext({
    baseURL: originOf(platform),
    viewport: WIDE,
    locale: 'en-US',
    bypassCSP: true,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const errors = collectErrors(page)
  await signsIn(page)
  // A refused sign-in, and the question who is signed in, are answered with errors, which the browser logs.
  errors.length = 0
  await createsService(page)
  await createsFunction(page)
  await addsTrigger(page)
  await runsIt(page)
  await findsItsLog(page)
  await seesItMonitored(page)
  await seesItsCost(page)
  await looksAround(page)
  assert.deepEqual(errors, [])
  await context.close()
})

test('the same in Chinese, in the dark, on a telephone', { skip: noBrowser }, async () => {
  const context = await signedIn(browser, platform, {
    ...{ viewport: NARROW, colorScheme: 'dark', locale: 'zh-CN', bypassCSP: true },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const errors = collectErrors(page)
  const pages = ['', 'functions', 'functions/shop$orders/test', 'functions/shop$orders/triggers', 'create-function']
  const others = ['logs', 'instances', 'async', 'buckets', 'alerts', 'bill', 'runtimes', 'settings']
  for (const path of [...pages, ...others]) {
    await page.goto(`/console/${path}`)
    await page.locator('main h1').waitFor()
    const overhang = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    assert.equal(overhang, 0, `${path} is wider than the screen`)
    assert.match(await page.locator('main').innerText(), /\p{Script=Han}/u, path)
    await checkAccessible(page)
  }
  assert.deepEqual(errors, [])
  await context.close()
})
