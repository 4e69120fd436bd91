/** `/console/session`: signs in with the account's key pair or a ticket, tells who is signed in, signs out. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Random } from '../clock.ts'
import { FcError } from '../errors.ts'
import { answerJson, readJson } from './answers.ts'
import { Attempts } from './attempts.ts'
import { clearCookie, cookieName, readTokens, setCookie } from './cookie.ts'
import { ANSWER_HEADERS } from './headers.ts'
import { SIGN_IN_BYTES_MAX } from './limits.ts'
import { checkSameOrigin } from './same-origin.ts'
import { Sessions, type Session } from './sessions.ts'
import { Tickets } from './tickets.ts'

export interface SignInOptions {
  accountId: string
  region: string
  accessKeyId: string
  accessKeySecret: string
  /** Of the public listener. */
  port(): number
  /** Where browsers reach the public listener. */
  publicUrl(): string
}

export interface SignInDeps {
  clock: Clock
  random: Random
  /** Hears of each sign-in that was decided. */
  onSignIn(address: string, isAdmitted: boolean): void
}

/** What opens one session, and the address that brings it to the page: browsers send no fragment to anybody. */
export interface Ticket {
  ticket: string
  url: string
  expiresAtMs: number
}

export interface SignIn {
  /** Rejects with FcError. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Throws SessionExpired. */
  sessionOf(request: IncomingMessage): Session
  issueTicket(): Ticket
  close(): void
}

export function createSignIn(options: SignInOptions, deps: SignInDeps): SignIn {
  const sessions = new Sessions(deps)
  const tickets = new Tickets(deps)
  const attempts = new Attempts(deps.clock)
  const name = () => cookieName(options.port())
  const tokensOf = (request: IncomingMessage) => readTokens(request.headers.cookie, name())
  const told = ({ expiresAtMs }: Session) => ({ accountId: options.accountId, region: options.region, expiresAtMs })
  const isEncrypted = ({ headers }: IncomingMessage) => headers.origin?.startsWith('https:') ?? false

  function sessionOf(request: IncomingMessage): Session {
    const session = sessions.find(tokensOf(request))
    if (session) return session
    throw new FcError('SessionExpired', 'nobody is signed in, or the session has ended; sign in to the console')
  }

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = readProof(await readJson(request, SIGN_IN_BYTES_MAX))
    const address = request.socket.remoteAddress ?? ''
    attempts.admit(address)
    const isAdmitted = 'ticket' in given ? tickets.redeem(given.ticket) : isSame(given, options)
    deps.onSignIn(address, isAdmitted)
    if (!isAdmitted) {
      attempts.failed(address)
      throw new FcError('AccessDenied', 'ticket' in given ? TICKET_REFUSED : 'this is not the key pair of the account')
    }
    // A token from before is never one that is signed in now.
    sessions.end(tokensOf(request))
    const { token, session } = sessions.begin()
    answerJson(response, 200, told(session), ['Set-Cookie', setCookie(name(), token, isEncrypted(request))])
  }

  return {
    async answer(request, response) {
      switch (request.method) {
        case 'POST':
          checkSameOrigin(request, 'act')
          return signIn(request, response)
        case 'GET':
          checkSameOrigin(request, 'read')
          return answerJson(response, 200, told(sessionOf(request)))
        case 'DELETE': {
          checkSameOrigin(request, 'act')
          sessions.end(tokensOf(request))
          const cookie = ['Set-Cookie', clearCookie(name(), isEncrypted(request))]
          response.writeHead(204, [...cookie, ...ANSWER_HEADERS]).end()
          return
        }
        default:
          throw new FcError('MethodNotAllowed', `sessions take POST, GET and DELETE, not ${request.method}`, {
            Allow: 'POST, GET, DELETE',
          })
      }
    },
    sessionOf,
    issueTicket() {
      const { ticket, expiresAtMs } = tickets.issue()
      return { ticket, url: `${options.publicUrl()}/console#ticket=${ticket}`, expiresAtMs }
    },
    close: () => sessions.endAll(),
  }
}

type KeyPair = Pick<SignInOptions, 'accessKeyId' | 'accessKeySecret'>

const TICKET_REFUSED =
  'the ticket was used before, is too old, or was never issued here; `npx sluice console` asks for another'

function readProof(body: unknown): KeyPair | { ticket: string } {
  const { ticket, accessKeyId, accessKeySecret } = (body ?? {}) as Partial<Record<keyof KeyPair | 'ticket', unknown>>
  if (typeof ticket === 'string') return { ticket }
  if (typeof accessKeyId !== 'string' || typeof accessKeySecret !== 'string') {
    throw new FcError('InvalidArgument', 'accessKeyId and accessKeySecret are required, or ticket, as text')
  }
  return { accessKeyId, accessKeySecret }
}

/** Takes as long for every pair, whichever part of it is wrong. */
function isSame(given: KeyPair, ours: KeyPair): boolean {
  const isId = timingSafeEqual(digest(given.accessKeyId), digest(ours.accessKeyId))
  const isSecret = timingSafeEqual(digest(given.accessKeySecret), digest(ours.accessKeySecret))
  return isId && isSecret
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
