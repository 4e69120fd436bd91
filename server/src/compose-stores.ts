/** What lies on disks and in databases: opened side by side, closed in the reverse order of use. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { cachedBlobs } from './blobs/cached.ts'
import { blobsOf } from './blobs/open.ts'
import { systemClock as clock, systemRandom as random } from './clock.ts'
import type { Config } from './config.ts'
import { openLogs } from './logs/open.ts'
import { createMetadataStore } from './metadata/sql-store.ts'
import { openMetering } from './meter/open.ts'
import { openMetricHistory } from './metrics/open.ts'
import { openObjectStore } from './objects/open.ts'
import { createImageStore } from './packages/images/store.ts'
import { createPackageStore } from './packages/store.ts'
import { createSqliteQueue } from './queue/sqlite.ts'
import { watchObjects } from './triggers/open.ts'

const MB = 1024 * 1024
/** Unpacked code packages kept on disk. */
const PACKAGE_CACHE_BYTES_MAX = 4096 * MB
/** Unpacked images kept on disk, beside those that run. */
const IMAGE_CACHE_BYTES_MAX = 16_384 * MB

export type Stores = Awaited<ReturnType<typeof openStores>>

export async function openStores(config: Config, account: { accountId: string; region: string }, log: Logger) {
  const folder = (name: string) => join(config.dataDir, name)
  const warn = (message: string) => log.warn(message)
  const notify = (message: string) => log.error(message)

  const openBlobs = blobsOf(
    {
      url: config.blobsUrl,
      accessKeyId: config.blobsAccessKeyId,
      accessKeySecret: config.blobsAccessKeySecret,
      directory: folder('blobs'),
      accountId: account.accountId,
    },
    { clock, notify: warn },
  )
  const openPackages = async () => {
    const blobs = await openBlobs('packages')
    const directory = folder('packages')
    const packages = await createPackageStore({ directory, cacheBytesMax: PACKAGE_CACHE_BYTES_MAX }, { clock, blobs })
    return { blobs, packages }
  }
  const watchedObjects = watchObjects()
  const openObjects = async () => {
    const blobs = cachedBlobs(await openBlobs('objects'))
    const { filter } = watchedObjects
    const objects = await openObjectStore({ directory: folder('objects') }, { clock, random, blobs, filter, notify })
    return { blobs, objects }
  }
  const openDocuments = async () => {
    const metadata = await createMetadataStore(
      config.metadataUrl === ''
        ? { kind: 'sqlite', file: folder('metadata.db') }
        : { kind: 'postgres', url: config.metadataUrl },
      { clock },
    )
    const metering = await openMetering(
      { ...account, directory: folder('meter'), metadataUrl: config.metadataUrl, priceBook: config.priceBook },
      { clock, random, metadata, notify: warn },
    )
    return { metadata, metering }
  }
  const [{ metadata, metering }, logs, code, images, queue, stored] = await Promise.all([
    openDocuments(),
    openLogs(
      {
        directory: folder('logs'),
        bounds: { retentionDays: config.logDays, maxMB: config.logFunctionMB },
        totalMB: config.logMB,
      },
      { clock, notify: warn },
    ),
    openPackages(),
    createImageStore(
      {
        directory: folder('image-store'),
        imagesFolder: config.imagesDir || folder('images'),
        cacheBytesMax: IMAGE_CACHE_BYTES_MAX,
        environment: process.env,
      },
      { clock },
    ),
    createSqliteQueue({ directory: config.dataDir }, { clock, notify }),
    openObjects(),
  ])
  const history = openMetricHistory({ directory: config.dataDir }, { clock, random, notify })

  return {
    metadata,
    metering,
    logs,
    packages: code.packages,
    images,
    queue,
    objects: stored.objects,
    watchedObjects,
    history,
    async close() {
      await queue.close()
      await history.close()
      await logs.close()
      await metering.close()
      await stored.objects.close()
      await Promise.all([code.blobs.close(), stored.blobs.close()])
      await metadata.close()
    },
  }
}
