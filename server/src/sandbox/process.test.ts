import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '../clock.ts'
import { sandboxContract } from './contract.ts'
import type { LeaveBehind } from './contract-scene.ts'
import { createProcessSandboxRuntime } from './process.ts'

/** A platform of its own, that starts one sandbox, says so, and waits to be killed. */
const PLATFORM = `
  import { createProcessSandboxRuntime } from ${JSON.stringify(new URL('./process.ts', import.meta.url).href)}
  import { systemClock } from ${JSON.stringify(new URL('../clock.ts', import.meta.url).href)}
  const [directory, id, ...command] = process.argv.slice(1)
  const limits = { memoryBytes: 1e9, diskBytes: 1e9, processes: 100, openFiles: 100, cpu: 1 }
  await createProcessSandboxRuntime({ directory }, { clock: systemClock }).create({
    id, command, environment: { PATH: '/usr/bin:/bin' }, readOnlyPaths: [], channelSocket: '/none', limits,
    onOutput() {},
  })
  console.log('running')
`

const leaveBehind: LeaveBehind = async (directory, { id, command }) => {
  const args = ['--input-type=module', '-e', PLATFORM, directory, id, ...command]
  const platform = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(platform.stdout, 'data')
  platform.kill('SIGKILL')
  await once(platform, 'exit')
}

const isolatesNothing = 'a process sandbox isolates nothing'
const platformsUser = `${isolatesNothing}: programs have all rights of the platform's user`

sandboxContract('process', (directory) => createProcessSandboxRuntime({ directory }, { clock: systemClock }), {
  leaveBehind,
  skips: {
    'code cannot be changed from inside': `${isolatesNothing}: unpacked code is read-only by its modes, but not for root`,
    'code and layers are where functions expect them, known beforehand':
      'a process sees the folders of the host: specialise tells where code and layers are, which is not /code and /opt',
    'layers are seen by the sandbox that has them and by no other': isolatesNothing,
    'layers cannot be changed from inside': `${isolatesNothing}: unpacked layers are read-only by their modes, but not for root`,
    'a link in a layer leads to no file of the host': isolatesNothing,
    'the host and its files are out of sight': isolatesNothing,
    'the root file system cannot be written': platformsUser,
    'a program runs as an unprivileged user': platformsUser,
    'a program has no capabilities and cannot gain any': platformsUser,
    'system calls are filtered': isolatesNothing,
    'only processes of the sandbox are in /proc': isolatesNothing,
    'processes outside cannot be signalled, read or traced': platformsUser,
    'file systems, namespaces, keys and kernel programs cannot be touched': platformsUser,
    'services of the host cannot be reached': isolatesNothing,
    'other sandboxes are out of sight and out of reach': isolatesNothing,
    'all files together cannot grow beyond the disk limit':
      'rlimits bound one file, and quotas need a file system for each',
  },
})
