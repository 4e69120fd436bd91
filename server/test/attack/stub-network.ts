/** A network behind this host, made of one network namespace, in which everything is answered: nothing leaves the machine. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** For documentation (RFC 5737), so that no real network is hidden meanwhile. */
const HOST_END = '198.51.100.1'
const STUB_END = '198.51.100.2'
/** Stands for the internet. */
export const WORLD = '203.0.113.7'
export const METADATA = ['169.254.169.254', '100.100.100.200']

/** Answers TCP connections and datagrams on port 80 and tells of each. */
const SERVER = `
import selectors, socket, sys
streams = socket.create_server(('0.0.0.0', 80), backlog=1024)
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(('0.0.0.0', 80))
selector = selectors.DefaultSelector()
for end in (streams, datagrams):
    selector.register(end, selectors.EVENT_READ)
held = []
print('ready', flush=True)
while True:
    for key, _ in selector.select():
        if key.fileobj is streams:
            connection, source = streams.accept()
            print('tcp', connection.getsockname()[0], source[0], flush=True)
            try:
                connection.sendall(b'reached')
            except OSError:
                pass
            held.append(connection)
            if len(held) > 100:
                held.pop(0).close()
        else:
            data, source = datagrams.recvfrom(2048)
            print('udp', data.decode(errors='replace'), source[0], flush=True)
`

export class StubNetwork {
  readonly #name = `sluice-attack-${process.pid}`
  readonly #interface = `sla${process.pid}`.slice(0, 14)
  readonly #server: ChildProcess
  /** What arrived: protocol, destination or text, source. */
  readonly seen: string[] = []

  private constructor() {
    this.#ip('netns', 'add', this.#name)
    this.#ip('link', 'add', this.#interface, 'type', 'veth', 'peer', 'name', 'stub', 'netns', this.#name)
    this.#ip('addr', 'add', `${HOST_END}/30`, 'dev', this.#interface)
    this.#ip('link', 'set', this.#interface, 'up')
    this.#inside('addr', 'add', `${STUB_END}/30`, 'dev', 'stub')
    for (const address of [WORLD, ...METADATA]) this.#inside('addr', 'add', `${address}/32`, 'dev', 'lo')
    for (const name of ['lo', 'stub']) this.#inside('link', 'set', name, 'up')
    for (const address of [WORLD, ...METADATA]) {
      this.#ip('route', 'add', `${address}/32`, 'via', STUB_END, 'dev', this.#interface)
    }
    this.#server = spawn('ip', ['netns', 'exec', this.#name, 'python3', '-c', SERVER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: this.#server.stdout! }).on('line', (line) => this.seen.push(line))
  }

  static async open(): Promise<StubNetwork> {
    const network = new StubNetwork()
    await once(network.#server.stdout!, 'data')
    return network
  }

  async close(): Promise<void> {
    this.#server.kill('SIGKILL')
    await once(this.#server, 'exit')
    this.#ip('link', 'del', this.#interface)
    this.#ip('netns', 'del', this.#name)
  }

  #ip(...command: string[]): void {
    execFileSync('ip', command)
  }

  #inside(...command: string[]): void {
    this.#ip('-n', this.#name, ...command)
  }
}
