import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The platform that the development server sends requests to. */
const PLATFORM = process.env['SLUICE_ENDPOINT'] ?? 'http://127.0.0.1:7800'
const COMPRESSIBLE = /\.(html|js|css|svg|json|txt)$/

export default defineConfig({
  base: '/console/',
  plugins: [react(), compress()],
  // Small assets would become data: addresses, which the page's security policy refuses.
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: {
    proxy: {
      '^/console/(session$|api/|objects/)': {
        target: PLATFORM,
        changeOrigin: true,
        ws: true,
        // The platform accepts requests of its own pages alone, so the development server passes for it.
        headers: { origin: new URL(PLATFORM).origin },
      },
    },
  },
})

/** Once, at the build, and as well as can be: the platform sends these files as they are. */
function compress(): Plugin {
  return {
    name: 'compress',
    apply: 'build',
    writeBundle({ dir }) {
      for (const entry of readdirSync(dir!, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue
        const file = join(entry.parentPath, entry.name)
        const bytes = readFileSync(file)
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }))
        writeFileSync(`${file}.br`, brotliCompressSync(bytes))
      }
    },
  }
}
