import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cachedBlobs } from '../blobs/cached.ts'
import { openFileBlobs } from '../blobs/files.ts'
import { mountSmallDisk, noSmallDisk } from '../blobs/small-disk-for-tests.ts'
import { objectStoreContract } from './contract.ts'

objectStoreContract(
  'objects in files',
  async ({ diskBytes } = { diskBytes: 0 }) => {
    const disk = diskBytes > 0 ? mountSmallDisk(diskBytes) : undefined
    const folder = disk?.folder ?? mkdtempSync(join(tmpdir(), 'sluice-blobs-'))
    const directory = join(folder, 'blobs')
    return {
      // As a platform has them.
      open: async () => cachedBlobs(await openFileBlobs(directory)),
      opening: `
      (await import(${JSON.stringify(import.meta.resolve('../blobs/files.ts'))})).openFileBlobs(${JSON.stringify(directory)})`,
      async remove() {
        if (disk) disk.unmount()
        else rmSync(folder, { recursive: true })
      },
    }
  },
  noSmallDisk,
)
