/**
 * The built console: files of one folder, compressed at the build. Names of assets hold their content's hash, so they may
 * be kept for ever; the first page is asked for again each time. Every other path is the page's own business.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { FcError } from '../errors.ts'
import { PAGE_HEADERS } from './headers.ts'

const INDEX = 'index.html'
const ASSET = /^assets\/[\w.-]+$/
const FILE_NAME = /^[\w-]+(\.[\w-]+)+$/
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}
/** By what they save; the extension of the compressed file and the name that HTTP has for it. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

export type Pages = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>

/** `path`: below the console's address, without the slash that it begins with. Rejects with FcError. */
export function createPages(folder: string): Pages {
  return async (path, request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new FcError('MethodNotAllowed', `pages take GET and HEAD, not ${request.method}`, { Allow: 'GET, HEAD' })
    }
    const isAsset = ASSET.test(path)
    const type = TYPES[extname(path)]
    const own = (isAsset || FILE_NAME.test(path)) && type !== undefined ? await find(folder, path, request) : null
    if (own === null && path.startsWith('assets/')) throw new FcError('PathNotSupported', `there is no file '${path}'`)
    const file = own ?? (await find(folder, INDEX, request))
    if (file === null) {
      throw new FcError('ServiceUnavailable', 'the console is not built; `npm start` builds it when it starts')
    }
    send(file, own === null ? TYPES['.html']! : type!, isAsset, request, response)
  }
}

interface Found {
  bytes: Buffer
  encoding: string | null
}

/** In the best encoding that the client takes. */
async function find(folder: string, name: string, { headers }: IncomingMessage): Promise<Found | null> {
  const accepted = (headers['accept-encoding'] ?? '')
    .split(',')
    .filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
    .map((each) => each.split(';', 1)[0]!.trim().toLowerCase())
  for (const [encoding, extension] of ENCODINGS) {
    if (!accepted.includes(encoding)) continue
    const bytes = await readIfThere(join(folder, `${name}${extension}`))
    if (bytes) return { bytes, encoding }
  }
  const bytes = await readIfThere(join(folder, name))
  return bytes && { bytes, encoding: null }
}

async function readIfThere(file: string): Promise<Buffer | null> {
  try {
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function send(
  { bytes, encoding }: Found,
  type: string,
  isAsset: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const headers = [
    ...['ETag', etag],
    ...['Cache-Control', isAsset ? 'public, max-age=31536000, immutable' : 'no-cache'],
    ...['Vary', 'Accept-Encoding'],
    ...PAGE_HEADERS,
  ]
  const known = (request.headers['if-none-match'] ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''))
  if (known.includes(etag)) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  headers.push('Content-Type', type, 'Content-Length', String(bytes.length))
  if (encoding !== null) headers.push('Content-Encoding', encoding)
  response.writeHead(200, headers)
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
