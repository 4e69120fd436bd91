/** The programs that fetch and unpack images: skopeo and umoci, run under limits and without the platform's environment. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The programs, and the Debian package of each. */
const PROGRAMS = { skopeo: 'skopeo', umoci: 'umoci', setpriv: 'util-linux', prlimit: 'util-linux' } as const
/** Of the platform's environment, what decides how registries are reached. */
const PASSED_ON = [
  'PATH',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
]
/** What files of all owners are written with; root without more than these cannot touch the kernel. */
const CAPABILITIES = ['chown', 'dac_override', 'fowner', 'fsetid', 'mknod', 'setfcap']
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const REASON_CHARACTERS_MAX = 500

export type ImageProgram = 'skopeo' | 'umoci'

/** A program that could not do what it was run for; the message is its own reason. */
export class ImageProgramFailure extends Error {}

/** Why images cannot be used on this machine, with the command that changes it; null when they can. */
export function missingImagePrograms(path: string): string | null {
  const isThere = (name: string) => path.split(delimiter).some((folder) => existsSync(join(folder, name)))
  const missing = Object.entries(PROGRAMS).filter(([name]) => !isThere(name))
  if (missing.length === 0) return null
  const names = missing.map(([name]) => name).join(' and ')
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ')
  return `there is no ${names} on PATH; install what brings them (Debian: apt-get install -y ${packages}) and start the platform again`
}

export interface ProgramRun {
  /** Where it works and keeps what it holds for itself. */
  folder: string
  timeoutMs: number
  /** Of any one file that it writes. */
  fileBytesMax: number
}

export class ImagePrograms {
  readonly #environment: Readonly<Record<string, string>>

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const passed = PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]))
    this.#environment = Object.fromEntries(passed) as Record<string, string>
  }

  /** Resolves to what it prints; rejects with ImageProgramFailure. It ends with the platform, however that ends. */
  run(
    program: ImageProgram,
    args: readonly string[],
    { folder, timeoutMs, fileBytesMax }: ProgramRun,
  ): Promise<string> {
    const limited = [
      ...['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--inh-caps=-all'],
      `--bounding-set=-all,${CAPABILITIES.map((name) => `+${name}`).join()}`,
      ...['prlimit', `--fsize=${fileBytesMax}`, program, ...args],
    ]
    const options = {
      cwd: folder,
      // A home of its own, so that nobody's stored logins are used.
      env: { ...this.#environment, HOME: folder, TMPDIR: folder, XDG_RUNTIME_DIR: folder },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BYTES_MAX,
    } as const
    return new Promise((resolve, reject) => {
      execFile(limited[0]!, limited.slice(1), options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else if (error.killed) reject(new ImageProgramFailure(`it took more than ${timeoutMs / 1000} seconds`))
        else
          reject(
            new ImageProgramFailure(reasonIn(stderr, folder) || `${program} ended with ${error.code ?? error.signal}`),
          )
      })
    })
  }
}

/** The last line that a program wrote, without its decoration and without paths of this host. */
function reasonIn(stderr: string, folder: string): string {
  const last = stderr.trim().split('\n').at(-1) ?? ''
  const logged = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(last)?.[1]
  const reason = logged === undefined ? last.replace(/^[^\w"'/]*/, '') : logged.replaceAll(/\\(.)/g, '$1')
  return reason.replaceAll(`${folder}/`, '').replaceAll(folder, '').slice(0, REASON_CHARACTERS_MAX)
}
