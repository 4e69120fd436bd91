import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import {
  ConfigError,
  describeConfig,
  environmentName,
  flagName,
  loadConfig,
  settings,
  type SettingName,
} from './config.ts'

let folder = ''
before(() => (folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))))
after(() => rmSync(folder, { recursive: true }))

const load = (argv: string[] = [], environment: Record<string, string> = {}) => loadConfig(argv, environment, folder)

/** Loads with `sluice.yaml` in the folder. */
function withFile<Result>(text: string, run: () => Result): Result {
  const path = join(folder, 'sluice.yaml')
  writeFileSync(path, text)
  try {
    return run()
  } finally {
    rmSync(path)
  }
}

function refusal(run: () => unknown): string {
  let told = ''
  assert.throws(run, (error) => {
    assert.ok(error instanceof ConfigError)
    told = error.message
    return true
  })
  return told
}

test('without any setting the defaults hold', () => {
  const { config, sources, file } = load()
  for (const name of Object.keys(settings) as SettingName[]) {
    assert.equal(config[name], settings[name].default)
    assert.equal(sources[name], 'default')
  }
  assert.equal(file, null)
})

test('every default is one that could be given', () => {
  for (const name of Object.keys(settings) as SettingName[]) {
    const value = String(settings[name].default)
    assert.equal(load([], { [environmentName(name)]: value }).config[name], settings[name].default, name)
  }
})

test('flags win over the environment, the environment over the file, the file over the default', () => {
  withFile('port: 1001\nregion: from-file\nqueueLength: 5\n', () => {
    const { config, sources, file } = load(['--port', '1003'], { SLUICE_PORT: '1002', SLUICE_REGION: 'from-env' })
    assert.deepEqual([config.port, config.region, config.queueLength], [1003, 'from-env', 5])
    assert.deepEqual([sources.port, sources.region, sources.queueLength], ['flag', 'environment', 'file'])
    assert.equal(sources.host, 'default')
    assert.equal(file, join(folder, 'sluice.yaml'))
  })
})

test('an empty variable is none', () => {
  assert.equal(load([], { SLUICE_PORT: '' }).sources.port, 'default')
})

test('a flag is given with a space or an equals sign', () => {
  assert.equal(load(['--queue-length=7']).config.queueLength, 7)
  assert.equal(load(['--queue-length', '7']).config.queueLength, 7)
  assert.equal(load(['--region=a-b']).config.region, 'a-b')
})

test('paths are taken from the folder one is in', () => {
  assert.equal(load(['--data-dir', 'data']).config.dataDir, join(folder, 'data'))
  writeFileSync(join(folder, 'other.yaml'), 'port: 1234\n')
  assert.equal(load(['--config', 'other.yaml']).config.port, 1234)
  assert.equal(load([], { SLUICE_CONFIG: 'other.yaml' }).config.port, 1234)
})

test('an empty file, and words for on and off, are understood', () => {
  withFile('', () => assert.equal(load().config.port, 7800))
  withFile('# nothing\nport:\n', () => assert.equal(load().sources.port, 'default'))
  withFile('samples: false\nattachment: on\n', () => {
    assert.deepEqual([load().config.samples, load().config.attachment], ['off', 'on'])
  })
})

test('names of variables and flags follow from the setting', () => {
  assert.deepEqual([environmentName('dataDir'), flagName('dataDir')], ['SLUICE_DATA_DIR', '--data-dir'])
  assert.deepEqual(
    [environmentName('hostMemoryMB'), flagName('hostMemoryMB')],
    ['SLUICE_HOST_MEMORY_MB', '--host-memory-mb'],
  )
})

test('what is not accepted is refused by its place, with what is', () => {
  for (const [argv, environment, message] of [
    [['--port', '0'], {}, '--port: "0" is not accepted; give a whole number from 1 to 65529'],
    [['--port', '1e3'], {}, '--port: "1e3" is not accepted'],
    [['--port', ' 80'], {}, '--port: " 80" is not accepted'],
    [[], { SLUICE_PORT: '65531' }, 'SLUICE_PORT: "65531" is not accepted'],
    [[], { SLUICE_SANDBOX: 'vm' }, 'SLUICE_SANDBOX: "vm" is not accepted; give auto, '],
    [[], { SLUICE_PUBLIC_HOST: 'UPPER' }, 'give a domain name in lower case'],
    [[], { SLUICE_ACCOUNT_ID: '12' }, 'SLUICE_ACCOUNT_ID: "12" is not accepted; give 16 digits'],
    [['--port'], {}, '--port needs a value'],
    [['--prot', '1'], {}, '--prot is no flag; known: '],
    [['--queue', '1'], {}, '--queue is no flag; did you mean queueLength?'],
    [['7800'], {}, '7800 is no flag'],
    [['--config', 'absent.yaml'], {}, '--config: there is no file '],
    [[], { SLUICE_CONFIG: 'absent.yaml' }, 'there is no file '],
  ] as [string[], Record<string, string>, string][]) {
    const told = refusal(() => load(argv, environment))
    assert.ok(told.includes(message), `${told}, not ${message}`)
  }
})

test('debugging is for the process sandbox alone', () => {
  assert.match(
    refusal(() => load(['--debug-port', '9229'])),
    /^debugPort: only the process sandbox .*SLUICE_SANDBOX/,
  )
  assert.match(
    refusal(() => load([], { SLUICE_DEBUG_PORT: '9229', SLUICE_SANDBOX: 'oci' })),
    /^debugPort: /,
  )
  assert.equal(load(['--debug-port', '9229', '--sandbox', 'process']).config.debugPort, 9229)
})

test('a file that holds something else is refused', () => {
  withFile('port: [1', () => assert.match(refusal(load), /sluice\.yaml is not valid YAML: /))
  withFile('- port\n', () => assert.match(refusal(load), /must hold settings, one `name: value` a line/))
  withFile('porte: 1\n', () => assert.match(refusal(load), /sluice\.yaml: porte is no setting; did you mean port\?/))
  withFile('port: 1.5\n', () => assert.match(refusal(load), /sluice\.yaml: port: 1\.5 is not accepted/))
  withFile('region: [a]\n', () => assert.match(refusal(load), /region: \["a"\] is not accepted/))
  withFile('constructor: 1\n', () => assert.match(refusal(load), /constructor is no setting/))
})

test('a secret is shown nowhere', () => {
  const secret = 'postgres://u:hunter2@h/db'
  const loaded = load([], { SLUICE_METADATA_URL: secret, SLUICE_ACCESS_KEY_SECRET: 'hunter2' })
  assert.equal(loaded.config.metadataUrl, secret)
  const shown = describeConfig(loaded)
  assert.doesNotMatch(JSON.stringify(shown), /hunter2/)
  assert.equal(shown.find(({ name }) => name === 'metadataUrl')!.value, '(set)')
  assert.equal(describeConfig(load()).find(({ name }) => name === 'metadataUrl')!.value, '')

  const told = refusal(() => load([], { SLUICE_METADATA_URL: 'mysql://u:hunter2@h/db' }))
  assert.doesNotMatch(told, /hunter2/)
  assert.match(told, /SLUICE_METADATA_URL: the value given is not accepted; give postgres:/)
  const inArguments = refusal(() => load(['--access-key-secret=hunter2']))
  assert.doesNotMatch(inArguments, /hunter2/)
  assert.match(inArguments, /would show in the list of processes; set SLUICE_ACCESS_KEY_SECRET or the file instead/)
})

test('whatever is given, the outcome is a configuration or a ConfigError', () => {
  const names = Object.keys(settings) as SettingName[]
  const argument = fc.oneof(fc.string(), fc.constantFrom(...names.map(flagName)), fc.constantFrom('--config', '='))
  fc.assert(
    fc.property(fc.array(argument), fc.constantFrom(...names), fc.string(), (argv, name, value) => {
      try {
        load(argv, { [environmentName(name)]: value })
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error))
      }
    }),
  )
})
