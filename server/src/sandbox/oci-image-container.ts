/** Starts one container with the file system of an image, under a layer on its disk; and undoes it all. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { imageBundleConfig, imageProcess } from './oci-bundle.ts'
import { runBundle, together, undoAll, type Undo } from './oci-container.ts'
import { IMAGE_OWNERS, type OciHost } from './oci-host.ts'
import { networkFiles } from './oci-root.ts'
import type { OciSandbox } from './oci-sandbox.ts'
import { NotRunnable, type ExecSpec, type ImageSandboxSpec } from './port.ts'
import { removeFolder } from './remove-folder.ts'

/** What OCI runtimes say of a program that the kernel refuses. */
const REFUSALS: readonly [RegExp, NotRunnable['reason']][] = [
  [/executable file .*not found|exec.*no such file or directory/i, 'missing'],
  [/exec.*(permission denied|not permitted|is a directory)/i, 'forbidden'],
]

/** `folder` exists, is empty, and is the sandbox's own. Rejects with the reason in words; nothing is left then. */
export async function startImageContainer(
  host: OciHost,
  wanted: ImageSandboxSpec,
  folder: string,
  clock: Clock,
): Promise<OciSandbox> {
  const openFiles = Math.min(wanted.limits.openFiles, host.openFilesMax)
  const spec = { ...wanted, limits: { ...wanted.limits, openFiles } }
  const undo: Undo = []
  try {
    return await start(host, spec, folder, clock, undo)
  } catch (error) {
    await undoAll(undo)
    throw asRefusal(error)
  }
}

function asRefusal(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  const found = REFUSALS.find(([words]) => words.test(message))
  return found === undefined ? error : new NotRunnable(found[1], message)
}

async function start(
  host: OciHost,
  spec: ImageSandboxSpec,
  folder: string,
  clock: Clock,
  undo: Undo,
): Promise<OciSandbox> {
  const { id, limits, image, environment } = spec
  const { keeper, options } = host
  const disk = join(folder, 'disk-mounted')
  const pipes: [string, string] = [join(folder, 'stdout'), join(folder, 'stderr')]
  const cgroupPath = `/${options.cgroupParent}/${id}`

  undo.push(() => removeFolder(folder))
  const owner = host.takeOwners()
  undo.push(() => host.giveUserBack(owner))
  const root = await host.makeImageFolder(id)
  undo.push(() => rm(root, { recursive: true, force: true }))
  undo.push(() => keeper.discard(disk))
  undo.push(() => keeper.unmount([root]))

  const owners = { owner, owners: IMAGE_OWNERS }
  const showImage = async () => {
    await host.disks.attach(join(folder, 'disk'), disk, limits.diskBytes)
    const files = networkFiles(options.network.gateway)
    await keeper.layer({ image: image.rootFolder, disk, target: root, ...owners, files })
  }
  const [network] = await together([
    host.network.take().then((slot) => (undo.push(() => host.network.giveBack(slot)), slot)),
    showImage(),
    keeper.pipes(pipes, owner + image.user.uid),
  ])
  const config = imageBundleConfig({ spec, root, ...owners, network: network.path, cgroupPath })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 }) // the environment is in it
  return runBundle(host, clock, undo, {
    ...{ spec, folder, pipes, cgroupPath },
    address: network.address,
    exec: {
      ...{ id, folder, environment },
      process: (exec: ExecSpec, variables) => imageProcess({ ...spec, environment: variables }, exec),
    },
    show: null,
  })
}
