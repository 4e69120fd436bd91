/** Images for tests, made without a container engine: OCI layouts whose every field can lie. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const BLOCK_BYTES = 512
/** Of `busybox-static`, by whose other names it runs as other programs. */
const BUSYBOX = '/bin/busybox'

export interface TarEntry {
  name: string
  content?: string | Buffer
  /** As the tar format has them: 0 file, 1 hard link, 2 symbolic link, 3 character device, 5 folder, … */
  type?: string
  mode?: number
  owner?: number
  linkName?: string
  device?: { major: number; minor: number }
  /** What the header claims instead of the truth. */
  claims?: { sizeBytes?: number }
}

/** A layer, uncompressed. */
export function makeTar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '')
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES)
    return [header(entry, entry.claims?.sizeBytes ?? content.length), content, padding]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)])
}

/** The records of a pax header, for an entry of type `x`. */
export function paxRecords(records: Record<string, string>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      let length = rest.length + 1
      while (String(length).length + rest.length !== length) length++
      return `${length}${rest}`
    })
    .join('')
}

function header({ name, type, mode, owner = 0, linkName = '', device }: TarEntry, sizeBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, at: number, width: number) =>
    block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1')
  block.write(name, 0, 100)
  octal(mode ?? (type === '5' ? 0o755 : 0o644), 100, 8)
  octal(owner, 108, 8)
  octal(owner, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  block.write(' '.repeat(8), 148)
  block.write(type ?? '0', 156)
  block.write(linkName, 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  octal(device?.major ?? 0, 329, 8)
  octal(device?.minor ?? 0, 337, 8)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

export interface ImageFixture {
  /** Tar files, the lowest first. */
  layers: readonly Buffer[]
  /** `config` of the image configuration: Entrypoint, Cmd, Env, WorkingDir, User. */
  config?: Record<string, unknown>
  architecture?: string
  os?: string
  compress?: boolean
  layerMediaType?: string
}

export const hostArchitecture = process.arch === 'x64' ? 'amd64' : process.arch

/** Writes the image as `folder`, an OCI layout, under `tag`; what the folder held before is gone. Returns its digest. */
export function writeLayout(folder: string, tag: string, image: ImageFixture): string {
  const { layers, config = {}, architecture = hostArchitecture, os = 'linux', compress = true } = image
  mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true })
  const put = (bytes: Buffer, mediaType: string) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(folder, 'blobs', 'sha256', sha256), bytes)
    return { mediaType, digest: `sha256:${sha256}`, size: bytes.length }
  }
  const diffIds = layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`)
  const layerMediaType = image.layerMediaType ?? `application/vnd.oci.image.layer.v1.tar${compress ? '+gzip' : ''}`
  const manifest = put(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: put(
          Buffer.from(JSON.stringify({ architecture, os, config, rootfs: { type: 'layers', diff_ids: diffIds } })),
          'application/vnd.oci.image.config.v1+json',
        ),
        layers: layers.map((layer) => put(compress ? gzipSync(layer) : layer, layerMediaType)),
      }),
    ),
    'application/vnd.oci.image.manifest.v1+json',
  )
  const manifests = [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': tag } }]
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  return manifest.digest
}

/** A small system: busybox under the names that are given, the folders that every image has, and two users. */
export function busyboxLayer(programs: readonly string[], files: readonly TarEntry[] = []): Buffer {
  const folders = ['bin', 'etc', 'root', 'tmp', 'var', 'var/www'].map((name): TarEntry => {
    const mode = name === 'tmp' ? 0o1777 : 0o755
    return { name: `${name}/`, type: '5', mode, owner: name === 'var/www' ? 33 : 0 }
  })
  return makeTar([
    ...folders,
    { name: 'bin/busybox', content: readFileSync(BUSYBOX), mode: 0o755 },
    ...programs.map((name): TarEntry => ({ name: `bin/${name}`, type: '2', linkName: 'busybox' })),
    { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:web:/var/www:/bin/sh\n' },
    { name: 'etc/group', content: 'root:x:0:\nwww:x:33:\nlogs:x:40:www\n' },
    ...files,
  ])
}
