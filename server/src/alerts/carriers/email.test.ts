import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { noticeFor } from '../test-support.ts'
import { carrierContract, PATIENCE_MS } from './contract.ts'
import { createEmailCarrier } from './email.ts'

const never = new AbortController().signal
const route = { name: 'mail', kind: 'email' as const, to: ['ops@example.com', 'oncall@example.com'] }
const carrierAt = (url: string) =>
  createEmailCarrier({ url, from: 'Sluice <sluice@example.com>', idleMsMax: PATIENCE_MS })

interface Mail {
  id: string
  /** Headers and all, soft line breaks taken out. */
  text: string
  to: string[]
  isSecure: boolean
}

async function serve(context: TestContext, options: SMTPServerOptions = {}) {
  const { promise: received, resolve } = Promise.withResolvers<Mail>()
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, callback) => callback(null, { user: username }),
    onData(stream, { envelope, secure }, callback) {
      const to = envelope.rcptTo.map(({ address }) => address)
      void text(stream).then((mail) => {
        callback()
        const id = /^x-sluice-delivery: (.+)$/im.exec(mail)?.[1]?.trim() ?? ''
        resolve({ id, text: mail.replaceAll('=\r\n', '').replaceAll('=3D', '='), to, isSecure: secure })
      })
    },
    ...options,
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  context.after(() => new Promise<void>((closed) => server.close(() => closed())))
  return { port: (server.server.address() as AddressInfo).port, received }
}

carrierContract('e-mail', {
  taking: (context) => serve(context),
  async refusing(context) {
    const { port } = await serve(context, {
      onAuth: ({ password }, _session, callback) => callback(new Error(`'${password}' is wrong`)),
    })
    return { port, reason: /535 '\(secret\)' is wrong/ }
  },
  drip: (said) => (said === 0 ? '220 here\r\n' : `250-${said}\r\n`),
  send: (port, secret, parcel, signal) => carrierAt(`smtp://user:${secret}@127.0.0.1:${port}`)(parcel, route, signal),
})

test('e-mail: it goes to all of the route, says what it is about in its subject, and what to do in its text', async (context) => {
  const { port, received } = await serve(context)
  await carrierAt(`smtp://127.0.0.1:${port}`)({ id: 'd-7', notice: noticeFor() }, route, never)
  const { text: mail, to } = await received
  assert.deepEqual(to, ['ops@example.com', 'oncall@example.com'])
  assert.match(mail, /^From: Sluice <sluice@example.com>/m)
  assert.match(mail, /^Subject: \[CRITICAL\] errors: FunctionErrors of function shop is 7/m)
  assert.match(mail, /^Message-ID: <d-7@sluice>/m)
  assert.match(mail, /^look +http:\/\/localhost\/console\/alerts\?rule=errors/m)
})

test('e-mail: over TLS from the start', async (context) => {
  const { port, received } = await serve(context, { secure: true })
  const url = `smtps://user:pass@127.0.0.1:${port}?tls.rejectUnauthorized=false`
  await carrierAt(url)({ id: 'd-8', notice: noticeFor({ state: 'resolved' }) }, route, never)
  const { text: mail, isSecure } = await received
  assert.equal(isSecure, true)
  assert.match(mail, /^Subject: \[RESOLVED\]/m)
})

// An address that leads to this host without being its loopback address.
const ELSEWHERE = '0.0.0.0'
const withStartTls = { disabledCommands: [] }

test('e-mail: a password goes to another host under TLS only', async (context) => {
  const offering = await serve(context, withStartTls)
  const url = (port: number, query: string) => `smtp://user:pass@${ELSEWHERE}:${port}?${query}`
  const parcel = { id: 'd-10', notice: noticeFor() }
  await carrierAt(url(offering.port, 'tls.rejectUnauthorized=false'))(parcel, route, never)
  assert.equal((await offering.received).isSecure, true)
  const logins: unknown[] = []
  const lacking = await serve(context, {
    onAuth: ({ username }, _session, callback) => {
      logins.push(username)
      callback(null, { user: username })
    },
  })
  await assert.rejects(carrierAt(url(lacking.port, ''))(parcel, route, never), /STARTTLS.*requireTLS=false/)
  assert.deepEqual(logins, [])
  await carrierAt(url(lacking.port, 'requireTLS=false'))(parcel, route, never)
  assert.equal((await lacking.received).isSecure, false)
  assert.deepEqual(logins, ['user'])
})

test('e-mail: to a host of its own, or without a password, TLS is used where it is offered', async (context) => {
  const parcel = { id: 'd-11', notice: noticeFor() }
  for (const login of ['user:pass@127.0.0.1', 'user:pass@localhost', ELSEWHERE]) {
    const { port, received } = await serve(context)
    await carrierAt(`smtp://${login}:${port}`)(parcel, route, never)
    assert.equal((await received).isSecure, false, login)
    const offering = await serve(context, withStartTls)
    await carrierAt(`smtp://${login}:${offering.port}?tls.rejectUnauthorized=false`)(parcel, route, never)
    assert.equal((await offering.received).isSecure, true, login)
  }
})

test('e-mail: a certificate that nobody vouches for is refused', async (context) => {
  const { port } = await serve(context, { secure: true })
  await assert.rejects(
    carrierAt(`smtps://127.0.0.1:${port}`)({ id: 'd-9', notice: noticeFor() }, route, never),
    /certificate/,
  )
})

test('e-mail: what a notice says cannot become a header', async (context) => {
  const { port, received } = await serve(context)
  const notice = noticeFor({ message: 'x\r\nBcc: evil@example.com', description: '.\r\nRCPT TO:<evil@example.com>' })
  await carrierAt(`smtp://127.0.0.1:${port}`)({ id: 'd-1', notice }, route, never)
  const { text: mail, to } = await received
  assert.equal(to.length, 2)
  assert.ok(!/^Bcc:/im.test(mail.split('\r\n\r\n', 1)[0]!))
})

test('e-mail: without a mail server the reason names the setting', async () => {
  await assert.rejects(
    createEmailCarrier({ url: '', from: 'a@b' })({ id: 'd-1', notice: noticeFor() }, route, never),
    /SLUICE_SMTP_URL/,
  )
})
