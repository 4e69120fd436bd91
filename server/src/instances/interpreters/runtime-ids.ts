/** Every runtime id that Function Compute 2.0 or 3.0 knows, and what it asks for. */

export interface RuntimeId {
  name: string
  language: string
  /** As far as the id names one; empty: any. */
  version: string
}

const ids = (language: string, names: readonly string[], versionOf: (name: string) => string): RuntimeId[] =>
  names.map((name) => ({ name, language, version: versionOf(name) }))
const after = (prefix: string) => (name: string) => name.slice(prefix.length)

/** Python 3 without a minor version is the first that was offered, as in the cloud. */
const pythonVersion = (name: string) => (name === 'python3' ? '3.6' : after('python')(name))
/** Node.js has one version for each major number, also when the id says more. */
const nodeVersion = (name: string) => String(Number.parseInt(after('nodejs')(name), 10))

export const runtimeIds: readonly RuntimeId[] = [
  ...ids(
    'nodejs',
    ['4.4', '6', '8', '10', '12', '14', '16', '18', '20'].map((version) => `nodejs${version}`),
    nodeVersion,
  ),
  ...ids(
    'python',
    ['2.7', '3', '3.9', '3.10', '3.12'].map((version) => `python${version}`),
    pythonVersion,
  ),
  ...ids('java', ['java8', 'java11'], after('java')),
  ...ids('php', ['php7.2'], after('php')),
  ...ids('dotnetcore', ['dotnetcore2.1', 'dotnetcore3.1'], after('dotnetcore')),
  // A Go function is a program of its own, too.
  ...ids('custom', ['go1', 'custom', 'custom.debian10', 'custom.debian11', 'custom.debian12'], () => ''),
  ...ids('custom-container', ['custom-container'], () => ''),
]
