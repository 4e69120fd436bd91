/** Pages for browsers: what an anonymous reader of a bucket gets where no object is. Programs that sign get errors. */
import { OssError, type ObjectHead } from '../../port.ts'
import { isReadable } from '../access.ts'
import { emptyAnswer } from '../answers.ts'
import { objectHeaders, readOperations } from '../operations/read.ts'
import { percentEncodePath } from '../target.ts'
import { settingOf, settingOperations, type Setting } from './setting.ts'
import {
  folderPage,
  indexKey,
  matchingRule,
  readWebsite,
  redirectTarget,
  websiteXml,
  type RoutingRule,
  type Website,
} from './website-rules.ts'
import type { Answer, Exchange, Feature, Operation, WireContext } from '../exchange.ts'

const setting: Setting<Website> = {
  flag: 'website',
  operation: 'BucketWebsite',
  root: 'WebsiteConfiguration',
  read: readWebsite,
  write: websiteXml,
  unset: {
    error: ({ name }) =>
      new OssError('NoSuchWebsiteConfiguration', 'The specified bucket does not have a website configuration.', {
        BucketName: name,
      }),
  },
}

export const website: Feature = { operations: settingOperations(setting), admit, rescue }

/** A page is looked for: no object is read yet. */
const NO_PAGE = new OssError('NoSuchKey', 'The specified key does not exist.')

function siteOf(exchange: Exchange, { name }: Operation): Website | undefined {
  if (exchange.caller !== null || !['GetObject', 'HeadObject', 'ListObjects'].includes(name)) return undefined
  const isPlain = exchange.method === 'GET' || exchange.method === 'HEAD'
  return isPlain && exchange.bucketName !== '' ? settingOf(exchange.bucket, setting) : undefined
}

/** The root of a site is a page, not a list, and rules without a condition on errors come before the object. */
function admit(exchange: Exchange, operation: Operation): void {
  const site = siteOf(exchange, operation)
  if (site === undefined) return
  const isRoot = exchange.key === '' && exchange.query.size === 0 && site.index !== null
  const isRedirected = matchingRule(site, { key: exchange.key, status: null, headers: exchange.headers }) !== undefined
  if (isRoot || isRedirected) throw NO_PAGE
}

async function rescue(
  exchange: Exchange,
  operation: Operation,
  error: OssError,
  context: WireContext,
): Promise<Answer | null> {
  if (error.code === 'NoSuchBucket') return null
  const site = error.code === 'NoSuchKey' || exchange.key === '' ? siteOf(exchange, operation) : undefined
  if (site === undefined) return null
  const { key, headers, method } = exchange
  const page = indexKey(site, key)
  const shown = page === undefined ? null : await show(exchange, page, context)
  if (shown !== null) return shown
  const rule = matchingRule(site, { key, status: error.status, headers })
  if (rule !== undefined) return redirected(exchange, rule)
  const folder = folderPage(site, key)
  if (folder !== undefined && (await readable(exchange, folder.key, context)) !== undefined) {
    return folder.isShown
      ? show(exchange, folder.key, context)
      : emptyAnswer(302, { location: `/${percentEncodePath(pathOf(exchange, `${key}/`))}` })
  }
  const head = site.error === null ? undefined : await readable(exchange, site.error.key, context)
  if (head === undefined) return null
  const answer = objectHeaders({ head, content: head }, exchange)
  const body = method === 'HEAD' ? undefined : await context.store.read(head)
  return { status: site.error!.status, headers: answer, ...(body !== undefined && { body }) }
}

/** As the client has to ask for it: with the bucket where it stands in the path. */
function pathOf({ url, bucketName }: Exchange, key: string): string {
  return url.startsWith(`/${bucketName}/`) ? `${bucketName}/${key}` : key
}

function redirected(exchange: Exchange, rule: RoutingRule): Answer {
  const { url, headers, key } = exchange
  const mark = url.indexOf('?')
  const self = { protocol: 'http', host: headers.host ?? '', query: mark < 0 ? '' : url.slice(mark) }
  return emptyAnswer(rule.redirect.code, { location: redirectTarget(rule, key, self) })
}

/** An object of the site that anybody may read; undefined: there is none. */
async function readable(exchange: Exchange, key: string, context: WireContext): Promise<ObjectHead | undefined> {
  const { bucket } = exchange
  const head = () => context.store.head({ bucket: bucket.name, key })
  try {
    return (await isReadable(exchange, bucket, { key }, head, context)) ? await head() : undefined
  } catch (error) {
    if (error instanceof OssError) return undefined
    throw error
  }
}

/** Another object in place of the one that was asked for, with the conditions and the range of the request. */
async function show(exchange: Exchange, key: string, context: WireContext): Promise<Answer | null> {
  const head = await readable(exchange, key, context)
  if (head === undefined) return null
  const { requestId, method, url, headers, query, bucketName, caller, sourceIp, receivedMs, body, bucket, cause } =
    exchange
  const page: Exchange = {
    ...{ requestId, method, url, headers, query, bucketName, caller, sourceIp, receivedMs, body, bucket, cause },
    ...{ key, head: async () => head },
  }
  const read = readOperations.find((operation) => operation.method === method && operation.flags === undefined)!
  return read.handle(page, context)
}
