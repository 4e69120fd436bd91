import { TextField, SelectField } from '../../components/field.tsx'
import { KeyValueEditor } from '../../components/key-value-editor.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { limits, problemsOf, type Settings } from './settings.ts'
import { words } from './words.ts'

interface SettingsFieldsProps {
  settings: Settings
  runtime: string
  onChange: (settings: Settings) => void
}

const isCustom = (runtime: string) => runtime.startsWith('custom')

/** What can be set of a function, but for its name and code. */
export function SettingsFields({ settings, runtime, onChange }: SettingsFieldsProps) {
  const t = useWords(words)
  const { megabytes, number } = useFormat()
  const problems = problemsOf(settings)
  const set = (part: Partial<Settings>) => onChange({ ...settings, ...part })
  const numberField = (name: keyof typeof limits, label: string, help?: string) => (
    <TextField
      label={label}
      help={help}
      inputMode="decimal"
      value={settings[name]}
      error={
        problems.includes(name)
          ? (help ?? t.wholeNumber(number(limits[name].min, 2), number(limits[name].max)))
          : undefined
      }
      onChange={(event) => set({ [name]: event.target.value })}
    />
  )
  return (
    <>
      <section className="stack">
        <h2>{t.size}</h2>
        <div className="grid functions-fields">
          {numberField('memory', t.memoryMB, t.memoryHelp)}
          {numberField('cpu', t.cpu, t.cpuHelp)}
          <SelectField
            label={t.disk}
            value={settings.disk}
            onChange={(event) => set({ disk: event.target.value })}
            options={['512', '10240'].map((value) => ({ value, label: megabytes(Number(value)) }))}
          />
          {numberField('timeout', t.timeoutSeconds)}
          {numberField('concurrency', t.concurrency, t.concurrencyHelp)}
        </div>
      </section>
      <section className="stack">
        <h2>{t.hooks}</h2>
        <div className="grid functions-fields">
          {isCustom(runtime) && (
            <>
              <TextField
                label={t.command}
                help={t.commandHelp}
                value={settings.command}
                onChange={(event) => set({ command: event.target.value })}
              />
              {numberField('port', t.port)}
            </>
          )}
          <TextField
            label={t.initializer}
            help={t.initializerHelp}
            value={settings.initializer}
            maxLength={128}
            onChange={(event) => set({ initializer: event.target.value })}
          />
          {numberField('initializerTimeout', t.initializerTimeout)}
        </div>
      </section>
      <section className="stack">
        <KeyValueEditor
          legend={t.environment}
          pairs={settings.environment}
          onChange={(environment) => set({ environment })}
        />
      </section>
    </>
  )
}
