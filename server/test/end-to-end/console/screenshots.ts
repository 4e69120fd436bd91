/** Draws the pictures of the guide: a platform with some functions and traffic, seen in both themes and both widths. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startPlatform, type TestPlatform } from '../../support/platform.ts'
import { NARROW, openBrowser, signedIn, WIDE } from './browser.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'guide', 'images')
const EXAMPLE_PRICES = join(import.meta.dirname, '..', '..', '..', 'src', 'meter', 'example-price-book.yaml')
const BYTES_MAX = 150_000
/** Before the first picture; then it goes on. */
const TRAFFIC_MS = 150_000
const CALLS_PER_SECOND = 12

interface Scene {
  name: string
  path: string
  window: BrowserContextOptions
  /** Until what the picture is about is to be seen. */
  prepare?: (page: Page) => Promise<void>
}

const light = { viewport: WIDE, colorScheme: 'light' } as const
const dark = { viewport: WIDE, colorScheme: 'dark' } as const
const narrow = { viewport: NARROW, colorScheme: 'light' } as const
const narrowDark = { viewport: NARROW, colorScheme: 'dark', locale: 'zh-CN' } as const

/** Runs the function and waits for the phases of that run. */
async function run(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page
    .getByText('Cold start', { exact: true })
    .or(page.getByText('Warm', { exact: true }))
    .first()
    .waitFor()
}

const scenes: readonly Scene[] = [
  { name: 'dashboard-light', path: '?range=last-300000', window: light },
  { name: 'dashboard-narrow-dark-zh', path: '?range=last-300000', window: narrowDark },
  { name: 'test-dark', path: 'functions/shop$orders/test', window: dark, prepare: run },
  { name: 'logs-narrow', path: 'logs', window: narrow },
  { name: 'instances-dark', path: 'instances', window: dark },
  { name: 'bill-light', path: 'bill', window: light },
]

const source = (work: string) => `exports.handler = async (event) => {
  console.log('order', Math.floor(Math.random() * 9000) + 1000, 'accepted')
  ${work}
  return JSON.stringify({ ok: true })
}`

const functions: Readonly<Record<string, string>> = {
  orders: source('await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 40))'),
  payments: source("if (Math.random() < 0.06) throw new Error('the bank did not answer')"),
  thumbnails: source('for (const end = Date.now() + 20 + Math.random() * 60; Date.now() < end; );'),
}

/** A minute of traffic would be free. */
function pricesWithoutFreeQuota(): string {
  return readFileSync(EXAMPLE_PRICES, 'utf8').replaceAll(/^ +free: .*\n/gm, '')
}

/** Calls until it is told to stop. */
async function traffic(platform: TestPlatform, stop: AbortSignal): Promise<void> {
  const names = Object.keys(functions)
  const calls = new Set<Promise<unknown>>()
  for (let i = 0; !stop.aborted; i++) {
    // What fails is seen in the pictures.
    const call = platform.invoke(`shop$${names[i % 7 === 0 ? 1 : i % 5 === 0 ? 2 : 0]}`, '{}').catch(() => null)
    calls.add(call)
    void call.then(() => calls.delete(call))
    await setTimeout((1000 / CALLS_PER_SECOND) * (0.4 + Math.random() * 1.2))
  }
  await Promise.all(calls)
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-screenshots-'))
  const priceBook = join(folder, 'prices.yaml')
  writeFileSync(priceBook, pricesWithoutFreeQuota())
  const settings = { SLUICE_SANDBOX: 'process', SLUICE_PRICE_BOOK: priceBook }
  const [platform, browser] = await Promise.all([startPlatform(settings), openBrowser()])
  try {
    for (const [name, code] of Object.entries(functions)) {
      await platform.deploy(name, { 'index.js': code }, { service: 'shop' })
    }
    const stop = new AbortController()
    const calling = traffic(platform, stop.signal)
    await setTimeout(TRAFFIC_MS)
    mkdirSync(FOLDER, { recursive: true })
    for (const { name, path, window, prepare } of scenes) {
      const context = await signedIn(browser, platform, { ...window, reducedMotion: 'reduce' })
      const page = await context.newPage()
      await page.goto(`/console/${path}`)
      await page.locator('main h1').waitFor()
      await prepare?.(page)
      // Charts are drawn once their numbers have come; the live ones never end asking for more.
      await setTimeout(2500)
      const bytes = await page.screenshot()
      if (bytes.length > BYTES_MAX) throw new Error(`${name} has ${bytes.length} bytes, at most ${BYTES_MAX} are kept`)
      writeFileSync(join(FOLDER, `console-${name}.png`), bytes)
      process.stdout.write(`${name}: ${Math.round(bytes.length / 1000)} kB\n`)
      await context.close()
    }
    stop.abort()
    await calling
  } finally {
    await browser.close()
    await platform.stop()
    rmSync(folder, { recursive: true })
  }
}

await main()
