/** The PHP interpreter of this host, and how functions are started with it. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Interpreter } from './runtimes.ts'

const PHP_TIMEOUT_MS = 10_000
/** The oldest that the runtime is written for. */
const PHP_MIN = [8, 1] as const
export const PHP_ADVICE = `no php ${PHP_MIN.join('.')} or newer was found on PATH; install it (Debian: apt-get install php-cli) and start the platform again`

const phpRuntime = fileURLToPath(new URL('../../../runtimes/php', import.meta.url))

/** What `php` says of itself. */
export interface PhpFacts {
  /** `cli`, or another that cannot run programs. */
  sapi: string
  version: string
  /** The program itself, where `php` is a link or the script of a version manager. */
  binary: string
  extensionFolder: string
  /** File names, without `.so`, of what the host's configuration loads, in that order. */
  extensions: readonly string[]
}

/** Extensions of the engine, such as debuggers, are left out: they change how code runs. */
const ASK_PHP = `
$folder = ini_get('extension_dir');
$names = array_map('strtolower', array_diff(get_loaded_extensions(), get_loaded_extensions(true)));
echo "\\n", json_encode([
  'sapi' => PHP_SAPI,
  'version' => PHP_VERSION,
  'binary' => realpath(PHP_BINARY),
  'extensionFolder' => $folder,
  'extensions' => array_values(array_filter($names, fn ($name) => is_file("$folder/$name.so"))),
]);`

/** Null when there is none that can run functions. */
export async function findPhp(path: string): Promise<Interpreter | null> {
  const program = path
    .split(delimiter)
    .map((folder) => join(folder, 'php'))
    .find((candidate) => existsSync(candidate))
  if (!program) return null
  try {
    const { stdout } = await promisify(execFile)(program, ['-r', ASK_PHP], { timeout: PHP_TIMEOUT_MS })
    // A configuration that is not in order makes PHP print warnings first.
    return phpInterpreter(JSON.parse(stdout.trim().split('\n').at(-1)!) as PhpFacts)
  } catch {
    return null
  }
}

export function phpInterpreter(facts: PhpFacts): Interpreter | null {
  const [major = 0, minor = 0] = facts.version.split('.').map(Number)
  const isNewEnough = major > PHP_MIN[0] || (major === PHP_MIN[0] && minor >= PHP_MIN[1])
  if (facts.sapi !== 'cli' || !isNewEnough) return null
  // The host's php.ini is not the function's: nothing is read of it, so nothing of it has to be visible in a sandbox.
  const settings = {
    extension_dir: facts.extensionFolder,
    include_path: '.',
    // The sandbox has the limit, and tells that it was reached.
    memory_limit: '-1',
    // To the output of the request instead of the pipe, where nobody knows whose they are.
    display_errors: '1',
    log_errors: '0',
    disable_functions: 'error_log',
  }
  const flags = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const extensions = facts.extensions.map((name) => `extension=${name}`)
  return {
    language: 'php',
    version: facts.version,
    command: [
      facts.binary,
      '-n',
      ...[...flags, ...extensions].flatMap((setting) => ['-d', setting]),
      join(phpRuntime, 'bootstrap.php'),
    ],
    readOnlyPaths: [facts.binary, facts.extensionFolder, phpRuntime],
  }
}
