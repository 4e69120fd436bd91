/** PHP: those on PATH, `php` and `php8.2`, and how functions are started with them. */
import { join } from 'node:path'
import { type Interpreter, type InterpreterFinder, runtimeFolder } from './interpreter.ts'
import { ask, programsOn } from './programs.ts'

/** The oldest that our part of it (runtimes/php) runs on. */
const PHP_MIN = [8, 1] as const
const PROGRAM_NAME = /^php(\d+\.\d+)?$/

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
const QUESTION = `
$folder = ini_get('extension_dir');
$names = array_map('strtolower', array_diff(get_loaded_extensions(), get_loaded_extensions(true)));
echo "\\n", json_encode([
  'sapi' => PHP_SAPI,
  'version' => PHP_VERSION,
  'binary' => realpath(PHP_BINARY),
  'extensionFolder' => $folder,
  'extensions' => array_values(array_filter($names, fn ($name) => is_file("$folder/$name.so"))),
]);`

export const phpFinder: InterpreterFinder = {
  language: 'php',
  program: `php ${PHP_MIN.join('.')} or newer`,
  debianCommand: 'apt-get install php-cli',
  commandFor: () => null,
  async find({ path }) {
    const asked = await Promise.all((await programsOn(path, PROGRAM_NAME)).map(askPhp))
    return asked.filter((found) => found !== null)
  },
}

/** Null for one that cannot run functions, or is something else of this name. */
async function askPhp(program: string): Promise<Interpreter | null> {
  // A configuration that is not in order makes PHP print warnings first.
  const answer = (await ask(program, ['-r', QUESTION]))?.at(-1)
  try {
    return answer === undefined ? null : phpInterpreter(JSON.parse(answer) as PhpFacts)
  } catch {
    return null
  }
}

/** Null when it is too old, or no command. */
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
  const ours = runtimeFolder('php')
  return {
    language: 'php',
    version: /^[\d.]*\d/.exec(facts.version)![0],
    program: facts.binary,
    command: [
      facts.binary,
      '-n',
      ...[...flags, ...extensions].flatMap((setting) => ['-d', setting]),
      join(ours, 'bootstrap.php'),
    ],
    readOnlyPaths: [facts.binary, facts.extensionFolder, ours],
  }
}
