/** A program inside an instance, joined to the terminal that runs it; frames as docs/reference/exec.md has them. */
import type { RawData, WebSocket } from 'ws'
import { CliError } from './errors.ts'
import { numberOf, parseObject } from './json.ts'
import type { Terminal } from './terminal.ts'

const channel = { stdout: 1, stderr: 2, error: 3, resize: 4, close: 5 } as const
/** Input that the platform has not taken yet; beyond it nothing more is read. */
const BUFFERED_BYTES_MAX = 1024 * 1024
/** A connection over which nothing came back from one ping to the next is dead. */
const PING_MS = 20_000
/** Leaves a session whose program hangs. */
const CTRL_BRACKET = 0x1d

/** Resolves to the exit code of the program; rejects when the session ends without one. */
export async function runSession(socket: WebSocket, terminal: Terminal, tty: boolean): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let failure = 'the connection to the instance was lost'
  socket.on('message', (data: RawData) => {
    const frame = data as Buffer
    const payload = frame.subarray(1)
    switch (frame[0]) {
      case channel.stdout:
        return show(socket, terminal.stdout, payload)
      case channel.stderr:
        return show(socket, terminal.stderr, payload)
      case channel.error:
        failure = payload.toString()
        return
      case channel.close:
        return resolve(numberOf(parseObject(payload.toString())['ExitCode']))
    }
  })
  socket.on('error', () => {})
  socket.on('close', () => reject(new CliError(failure)))
  const leave = () => {
    failure = 'left before the program ended'
    socket.terminate()
  }
  const stopWatching = watchConnection(socket)
  const stopTyping = joinInput(socket, terminal, tty, leave)
  const stopResizing = tty ? joinSize(socket, terminal) : () => {}
  terminal.signal.addEventListener('abort', leave, { once: true })
  socket.resume()
  try {
    return await promise
  } finally {
    terminal.signal.removeEventListener('abort', leave)
    stopWatching()
    stopTyping()
    stopResizing()
    socket.terminate()
  }
}

/** A terminal that is slow to show makes the platform wait. */
function show(socket: WebSocket, stream: Terminal['stdout'] | Terminal['stderr'], payload: Buffer): void {
  // Frames that had arrived before the pause still come.
  if (stream.write(payload) || socket.isPaused) return
  socket.pause()
  stream.once('drain', () => socket.resume())
}

function control(socket: WebSocket, kind: number, payload = ''): void {
  if (socket.readyState !== socket.OPEN) return
  socket.send(Buffer.concat([Buffer.of(kind), Buffer.from(payload)]), { binary: false })
}

function joinInput(socket: WebSocket, { stdin }: Terminal, tty: boolean, leave: () => void): () => void {
  const onData = (chunk: Buffer | string) => {
    const data = Buffer.from(chunk)
    if (tty && data.includes(CTRL_BRACKET)) return leave()
    socket.send(data, { binary: true }, () => {
      if (stdin.isPaused() && socket.bufferedAmount < BUFFERED_BYTES_MAX / 2) stdin.resume()
    })
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) stdin.pause()
  }
  const onEnd = () => control(socket, channel.close)
  if (tty) stdin.setRawMode?.(true)
  stdin.on('data', onData)
  stdin.once('end', onEnd)
  stdin.once('error', onEnd)
  return () => {
    stdin.off('data', onData)
    stdin.off('end', onEnd)
    if (tty) stdin.setRawMode?.(false)
    // Otherwise a terminal or an open pipe keeps the process alive.
    stdin.destroy()
  }
}

function joinSize(socket: WebSocket, { stdout }: Terminal): () => void {
  const tell = () => {
    const { columns: Width, rows: Height } = stdout
    if (Width && Height) control(socket, channel.resize, JSON.stringify({ Width, Height }))
  }
  tell()
  stdout.on('resize', tell)
  return () => void stdout.off('resize', tell)
}

function watchConnection(socket: WebSocket): () => void {
  let isHeard = true
  const hear = () => (isHeard = true)
  socket.on('message', hear)
  socket.on('ping', hear)
  socket.on('pong', hear)
  const timer = setInterval(() => {
    // While the terminal does not take what came, nothing more is listened to.
    if (!isHeard && !socket.isPaused) return socket.terminate()
    isHeard = false
    socket.ping()
  }, PING_MS)
  return () => clearInterval(timer)
}
