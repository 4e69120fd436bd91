import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { systemClock, systemRandom } from '../clock.ts'
import { sandboxContract } from './contract.ts'
import type { LeaveBehind } from './contract-scene.ts'
import { createOciSandboxRuntime, type OciOptions } from './oci.ts'
import { findOciPrograms } from './oci-check.ts'

/** A platform of its own, that starts one sandbox, says so, and waits to be killed. */
const PLATFORM = `
  import { createOciSandboxRuntime } from ${JSON.stringify(new URL('./oci.ts', import.meta.url).href)}
  import { systemClock, systemRandom } from ${JSON.stringify(new URL('../clock.ts', import.meta.url).href)}
  const [options, id, channelSocket, ...command] = process.argv.slice(1)
  const limits = { memoryBytes: 1e9, diskBytes: 1e9, processes: 100, openFiles: 100, cpu: 1 }
  const runtime = await createOciSandboxRuntime(JSON.parse(options), { clock: systemClock, random: systemRandom, notify() {} })
  await runtime.create({
    id, command, environment: { PATH: '/usr/bin:/bin' }, readOnlyPaths: [], channelSocket, limits, onOutput() {},
  })
  console.log('running')
`

function optionsFor(program: OciOptions['program'], directory: string): OciOptions {
  return {
    program,
    python: '/usr/bin/python3',
    cniFolder: '/usr/lib/cni',
    directory,
    stateDirectory: join(dirname(directory), 'state'),
    platformPorts: [7800],
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

for (const program of findOciPrograms(process.env['PATH'] ?? '')) {
  const leaveBehind: LeaveBehind = async (directory, { id, command }) => {
    const socket = join(dirname(directory), `${id}.sock`)
    const server = createServer().listen(socket)
    await once(server, 'listening')
    const options = JSON.stringify(optionsFor(program, directory))
    const args = ['--input-type=module', '-e', PLATFORM, options, id, socket, ...command]
    const platform = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = await Promise.race([once(platform.stdout, 'data'), once(platform, 'exit')])
    assert.equal(String(said), 'running\n')
    // The keeper would end the sandboxes of a platform that is gone: here it dies too, and before the platform can notice.
    platform.kill('SIGSTOP')
    for (const pid of childrenOf(platform.pid!)) process.kill(pid, 'SIGKILL')
    platform.kill('SIGKILL')
    await once(platform, 'exit')
    server.close()
  }
  sandboxContract(
    `oci (${program.name})`,
    (directory) =>
      createOciSandboxRuntime(optionsFor(program, directory), {
        clock: systemClock,
        random: systemRandom,
        notify() {},
      }),
    { leaveBehind },
  )
}
