/** Debian's Chromium before a whole platform, and what every test of the console does with it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { TestPlatform } from '../../support/platform.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
/** Nothing of the browser's own goes out, and a machine without a display or a sandbox for it will do. */
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
]

const executable = (process.env['PATH'] ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((file) => existsSync(file))

/** For `skip` of a test: a reason, or false. */
export const noBrowser = executable === undefined ? 'no Chromium on this machine' : false

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable!, args: ARGUMENTS })
}

/** Where the console is; cookies and origins are of this host. */
export const originOf = ({ port }: TestPlatform) => `http://localhost:${port}`

export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 390, height: 844 }

/** A window of somebody who has signed in. */
export async function signedIn(
  browser: Browser,
  platform: TestPlatform,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: originOf(platform), viewport: WIDE, locale: 'en-US', ...options })
  const { accessKeyId, accessKeySecret } = platform.credentials
  const answer = await context.request.post('/console/session', {
    headers: { origin: originOf(platform), 'x-sluice-console': '1' },
    data: { accessKeyId, accessKeySecret },
  })
  assert.equal(answer.status(), 200)
  return context
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  id: string
  impact: string | null
  nodes: { target: string[]; failureSummary: string }[]
}

/** Throws when axe finds something serious. The window must have been opened with `bypassCSP`: axe is no script of ours. */
export async function checkAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.addScriptTag({ content: axeSource })
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    return (await axe.run()).violations
  })
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')}: ${failureSummary}`),
    )
  assert.deepEqual(serious, [], `${page.url()} is not accessible`)
}

/** Chromium drops what is on its way when an interface of the machine comes or goes, as tests of containers make them; it asks again. */
const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED'

/** What a page logs as an error, and what it throws: tests end by looking at it. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('console', (message) => {
    const isOurs = message.type() === 'error' && !message.text().includes(NETWORK_CHANGED)
    if (isOurs) errors.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => errors.push(error.message))
  return errors
}
