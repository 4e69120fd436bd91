/**
 * `/console`: pages, sessions, and the platform's APIs for whoever is signed in. A request below `api/` or `objects/` is
 * handed on within the process, as if it had come without that prefix and with a signature of the account.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Vouching } from '../auth/port.ts'
import { uuidV7 } from '../clock.ts'
import { FcError, toFcError } from '../errors.ts'
import { refuseSocket } from '../raw-answer.ts'
import { answerError } from './answers.ts'
import { guardAnswer } from './headers.ts'
import { createPages } from './pages.ts'
import { checkSameOrigin, CONSOLE_HEADER, type Purpose } from './same-origin.ts'
import type { Ending } from './sessions.ts'
import { createSignIn, type SignInDeps, type SignInOptions, type Ticket } from './sign-in.ts'

export interface ConsoleOptions extends SignInOptions {
  /** Folder of the built pages. */
  pages: string
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void
type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface ConsoleDeps extends SignInDeps {
  vouching: Pick<Vouching, 'vouch'>
  /** What answers requests that are not the console's: management, invocations, and our own endpoints. */
  platform: Handler
  platformUpgrade: Upgrade
  /** The object service, buckets in the path. */
  objects: Handler
  onDefect(error: unknown, requestId: string): void
}

export interface Console {
  /** Answers the request and returns true when it is the console's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** Takes the socket and returns true when it is the console's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Whoever brings it is signed in, once. */
  issueTicket(): Ticket
  /** Ends all sessions and the streams that they hold open. */
  close(): void
}

const ROOT = '/console'
const API = `${ROOT}/api`
const OBJECTS = `${ROOT}/objects`
/** HTTP triggers run code whatever the method. */
const HTTP_TRIGGER = /^\/[\d-]+\/proxy\//

export function createConsole(options: ConsoleOptions, deps: ConsoleDeps): Console {
  const pages = createPages(options.pages)
  const signIn = createSignIn(options, deps)
  const principal = { kind: 'account', accountId: options.accountId } as const

  async function serve(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (path === `${ROOT}/session`) return signIn.answer(request, response)
    if (isBelow(path, API)) return handOn(API, request, response, deps.platform)
    if (isBelow(path, OBJECTS)) return handOn(OBJECTS, request, response, deps.objects)
    return pages(path.slice(ROOT.length + 1), request, response)
  }

  function handOn(prefix: string, request: IncomingMessage, response: ServerResponse, handler: Handler): void {
    const url = withoutPrefix(request.url!, prefix)
    const isRead = (request.method === 'GET' || request.method === 'HEAD') && !HTTP_TRIGGER.test(url)
    enter(request, url, isRead ? 'read' : 'act', response)
    guardAnswer(response)
    handler(request, response)
  }

  /** From here on the request is the account's, and has none of what made it the console's. */
  function enter(request: IncomingMessage, url: string, purpose: Purpose, ending: Ending): void {
    checkSameOrigin(request, purpose)
    signIn.sessionOf(request).hold(ending)
    request.url = url
    dropHeaders(request)
    deps.vouching.vouch(request.headers, principal)
  }

  return {
    handle(request, response) {
      const path = pathOf(request)
      if (path === '/' && request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')) {
        response.writeHead(302, { Location: `${ROOT}/`, Vary: 'Accept', 'Content-Length': 0 }).end()
        return true
      }
      if (!isBelow(path, ROOT)) return false
      serve(path, request, response).catch((thrown: unknown) => {
        const requestId = uuidV7(deps.clock.nowMs())
        // A client that leaves in the middle of its body is nobody's defect.
        if (!(thrown instanceof FcError) && !request.destroyed) deps.onDefect(thrown, requestId)
        if (!response.destroyed) answerError(response, toFcError(thrown), requestId)
      })
      return true
    },

    upgrade(request, socket, head) {
      if (!isBelow(pathOf(request), ROOT)) return false
      try {
        if (!isBelow(pathOf(request), API)) throw new FcError('NotImplemented', `WebSockets are only below ${API}`)
        enter(request, withoutPrefix(request.url!, API), 'upgrade', socket)
        deps.platformUpgrade(request, socket, head)
      } catch (thrown) {
        socket.on('error', () => {})
        refuseSocket(socket, toFcError(thrown), uuidV7(deps.clock.nowMs()), deps.clock)
      }
      return true
    },

    issueTicket: () => signIn.issueTicket(),
    close: () => signIn.close(),
  }
}

const pathOf = ({ url }: IncomingMessage) => url!.split('?', 1)[0]!
const isBelow = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}/`)

function withoutPrefix(url: string, prefix: string): string {
  const rest = url.slice(prefix.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** The cookie is for nobody else, functions least of all; and what says that a page asks would be taken for another site's. */
function dropHeaders(request: IncomingMessage): void {
  const isOurs = (name: string) =>
    ['cookie', 'origin', 'referer', CONSOLE_HEADER].includes(name) || name.startsWith('sec-fetch-')
  const { headers, rawHeaders } = request
  for (const name of Object.keys(headers)) if (isOurs(name)) delete headers[name]
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2) {
    if (isOurs(rawHeaders[i]!.toLowerCase())) rawHeaders.splice(i, 2)
  }
}
