/** Who listens where: what Linux tells in /proc/net/tcp and tcp6, and what is said about it to the owner of a function. */

export interface ListeningSocket {
  port: number
  /** Only the sandbox itself reaches it. */
  isLoopback: boolean
}

const LISTEN_STATE = '0A'
/** Addresses are in hexadecimal, four bytes at a time in the byte order of the machine. */
const LOOPBACK = /^(?:.{6}7F|0{24}01000000|0{16}FFFF0000.{6}7F)$/i

/** `text`: one or both of the files. What is no entry is passed over. */
export function listeningSockets(text: string): ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/)
    const address = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(local ?? '')
    if (address === null || state !== LISTEN_STATE) return []
    return [{ port: Number.parseInt(address[2]!, 16), isLoopback: LOOPBACK.test(address[1]!) }]
  })
}

/** Why nothing answers on the port; null: it may still come. */
export function hopelessness(port: number, found: readonly ListeningSocket[]): string | null {
  const here = found.filter((socket) => socket.port === port)
  if (here.length === 0 || here.some(({ isLoopback }) => !isLoopback)) return null
  return `the program listens on port ${port} of the loopback address, which only itself can reach; it must listen on 0.0.0.0:${port}`
}

/** What the owner should change. `found`: null when it could not be told. */
export function missingListener(port: number, found: readonly ListeningSocket[] | null): string {
  const expected = `it must listen on 0.0.0.0:${port}, the port that FC_SERVER_PORT names`
  const ports = [...new Set(found?.map((socket) => socket.port))]
  if (ports.length === 0) return `the program listens on no port; ${expected}`
  const named = ports.length === 1 ? `port ${ports[0]}` : `ports ${ports.join(', ')}`
  return `the program listens on ${named}, not on ${port}; ${expected}, or customRuntimeConfig.port (caPort in 2.0) must name its own`
}
