/** Sends notices as e-mails, by SMTP. */
import { connect } from 'node:net'
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js'
import { emailOf } from '../words.ts'
import type { Carry } from './carrier.ts'

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`; empty: no mail can be sent. */
  url: string
  from: string
  /** Of silence on the connection. */
  idleMsMax?: number
}

const IDLE_MS_MAX = 10_000
const SMTP_PORT = 587
const SMTPS_PORT = 465

/** With user and password, and the host they go to. */
const WITH_LOGIN = /^smtp:\/\/[^@/]+@(\[[^\]]*\]|[^:/?#]+)/
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

const ONLY_UNDER_TLS =
  'the password is sent under TLS only, by smtps:// or STARTTLS; ?requireTLS=false in smtpUrl leaves that to the mail server'
const NO_SMTP = 'no mail server is set: the setting smtpUrl (SLUICE_SMTP_URL) names one'

export function createEmailCarrier({ url, from, idleMsMax = IDLE_MS_MAX }: SmtpOptions): Carry<'email'> {
  const hide = hider(url)
  return async ({ id, notice }, { to }, signal) => {
    if (url === '') throw new Error(NO_SMTP)
    // Loaded by the first e-mail: most platforms send none.
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      // What the query of the URL says goes before.
      requireTLS: sendsPassword(url),
      url,
      connectionTimeout: idleMsMax,
      greetingTimeout: idleMsMax,
      socketTimeout: idleMsMax,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: openSocket(idleMsMax, signal),
    } as SMTPTransport.Options)
    try {
      const headers = { 'X-Sluice-Delivery': id, 'Auto-Submitted': 'auto-generated' }
      // The same for each attempt, so that a mailbox can tell a second copy.
      await transport.sendMail({ from, to, ...emailOf(notice), messageId: `<${id}@sluice>`, headers })
    } catch (error) {
      const { message, code } = error as Error & { code?: string }
      const hint = code === 'ETLS' && sendsPassword(url) ? `; ${ONLY_UNDER_TLS}` : ''
      throw new Error(hide(message) + hint, { cause: error })
    } finally {
      transport.close()
    }
  }
}

/** Over a network, by a URL that does not begin with TLS: who listens there could take the offer of STARTTLS away. */
function sendsPassword(url: string): boolean {
  const host = WITH_LOGIN.exec(url)?.[1]
  return host !== undefined && !LOOPBACK.test(host)
}

/** A connection of our own, so that it ends with the attempt, whatever the server sends. */
function openSocket(idleMsMax: number, signal: AbortSignal): SMTPTransport.Options['getSocket'] {
  return (options, callback) => {
    const port = Number(options.port) || (options.secure === true ? SMTPS_PORT : SMTP_PORT)
    const socket = connect({ host: options.host ?? 'localhost', port })
    const refuse = (error: Error) => callback(error, false)
    const giveUp = () => socket.destroy(new Error(`${options.host} did not let in within ${idleMsMax / 1000} s`))
    signal.addEventListener('abort', () => socket.destroy(new Error('it took too long')), { once: true })
    socket.setTimeout(idleMsMax, giveUp)
    socket.once('error', refuse)
    socket.once('connect', () => {
      socket.off('error', refuse)
      socket.setTimeout(0).off('timeout', giveUp)
      callback(null, { connection: socket })
    })
  }
}

/** Some servers answer with what they were told. */
function hider(url: string): (message: string) => string {
  const password = /^\w+:\/\/[^:@]*:([^@]+)@/.exec(url)?.[1]
  if (password === undefined) return (message) => message
  const secrets = [password, unescape(password)]
  return (message) => secrets.reduce((text, secret) => text.replaceAll(secret, '(secret)'), message)
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
