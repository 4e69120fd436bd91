/** nginx with its WebDAV module: files in a folder, written and read over HTTP by what is made for nothing else. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../http.ts'
import { startServer, type Peer } from './peer.ts'

const UNPACKED = fileURLToPath(new URL('../../node_modules/.nginx/usr/sbin', import.meta.url))
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Null where it is not. */
export function nginxPeer(): Peer | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', UNPACKED]
  const program = folders.map((folder) => join(folder, 'nginx')).find((file) => existsSync(file))
  if (program === undefined) return null
  return {
    name: 'nginx',
    async start() {
      const port = await freePort()
      const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-nginx-'))
      mkdirSync(join(folder, 'files'))
      writeFileSync(join(folder, 'files', 'index.html'), '')
      writeFileSync(join(folder, 'nginx.conf'), configuration(port, folder))
      const running = await startServer([program, '-p', folder, '-c', 'nginx.conf', '-e', 'error.log'], port)
      return {
        ...running,
        async stop() {
          await running.stop()
          rmSync(folder, { recursive: true, force: true })
        },
      }
    },
  }
}

/** One process, as Node.js is one. */
function configuration(port: number, folder: string): string {
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${join(folder, name)};`).join('\n  ')
  return `
daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  ${temporary}
  server {
    listen 127.0.0.1:${port};
    root ${join(folder, 'files')};
    client_max_body_size 0;
    location / { dav_methods PUT DELETE; }
  }
}
`
}
