import { CheckField, SelectField, TextArea, TextField } from '../../../components/field.tsx'
import { useWords } from '../../../i18n/language.ts'
import { AUTH_TYPES, isJsonObject, METHODS, OSS_EVENTS, type TriggerForm } from './trigger-form.ts'
import { words } from './words.ts'

interface TypeFieldsProps {
  form: TriggerForm
  isNew: boolean
  onChange: (part: Partial<TriggerForm>) => void
}

/** What is asked of a trigger of its type. */
export function TypeFields(props: TypeFieldsProps) {
  switch (props.form.type) {
    case 'http':
      return <HttpFields {...props} />
    case 'timer':
      return <TimerFields {...props} />
    case 'oss':
      return <OssFields {...props} />
    default:
      return <EventFields {...props} />
  }
}

function HttpFields({ form, isNew, onChange }: TypeFieldsProps) {
  const t = useWords(words)
  return (
    <>
      {isNew && <p className="help">{t.addressHelp}</p>}
      <SelectField
        label={t.auth}
        value={form.authType}
        options={AUTH_TYPES.map((type) => ({ value: type, label: t[type] }))}
        onChange={(event) => onChange({ authType: event.target.value })}
      />
      {form.authType === 'jwt' && (
        <TextArea
          className="code"
          label={t.authConfig}
          rows={6}
          value={form.authConfig}
          error={isJsonObject(form.authConfig) ? undefined : t.notJson}
          onChange={(event) => onChange({ authConfig: event.target.value })}
        />
      )}
      <Choices legend={t.methods} all={METHODS} chosen={form.methods} onChange={(methods) => onChange({ methods })} />
      <CheckField
        label={t.disabled}
        checked={form.isClosed}
        onChange={(event) => onChange({ isClosed: event.target.checked })}
      />
    </>
  )
}

function TimerFields({ form, onChange }: TypeFieldsProps) {
  const t = useWords(words)
  return (
    <>
      <TextField
        label={t.cron}
        help={t.cronHelp}
        value={form.cron}
        onChange={(event) => onChange({ cron: event.target.value })}
      />
      <TextArea
        className="code"
        label={t.payload}
        rows={3}
        value={form.payload}
        onChange={(event) => onChange({ payload: event.target.value })}
      />
      <CheckField
        label={t.enabled}
        checked={form.isEnabled}
        onChange={(event) => onChange({ isEnabled: event.target.checked })}
      />
    </>
  )
}

function OssFields({ form, isNew, onChange }: TypeFieldsProps) {
  const t = useWords(words)
  return (
    <>
      <TextField
        label={t.bucket}
        help={t.bucketHelp}
        disabled={!isNew}
        value={form.bucket}
        onChange={(event) => onChange({ bucket: event.target.value })}
      />
      <div className="grid trigger-fields">
        <TextField
          label={t.prefix}
          value={form.prefix}
          onChange={(event) => onChange({ prefix: event.target.value })}
        />
        <TextField
          label={t.suffix}
          value={form.suffix}
          onChange={(event) => onChange({ suffix: event.target.value })}
        />
      </div>
      <Choices
        legend={t.events}
        all={[...new Set([...OSS_EVENTS, ...form.events])]}
        chosen={form.events}
        onChange={(events) => onChange({ events })}
      />
    </>
  )
}

function EventFields({ form, isNew, onChange }: TypeFieldsProps) {
  const t = useWords(words)
  return (
    <>
      <TextField
        label={t.bus}
        help={t.busHelp}
        disabled={!isNew}
        value={form.bus}
        onChange={(event) => onChange({ bus: event.target.value })}
      />
      <TextArea
        className="code"
        label={t.pattern}
        help={t.patternHelp}
        rows={4}
        value={form.pattern}
        error={isJsonObject(form.pattern) ? undefined : t.notJson}
        onChange={(event) => onChange({ pattern: event.target.value })}
      />
      <SelectField
        label={t.schema}
        value={form.schema}
        options={[
          { value: 'CloudEvents', label: t.cloudEvents },
          { value: 'RawData', label: t.rawData },
        ]}
        onChange={(event) => onChange({ schema: event.target.value })}
      />
      <CheckField
        label={t.enabled}
        checked={form.isEnabled}
        onChange={(event) => onChange({ isEnabled: event.target.checked })}
      />
    </>
  )
}

interface ChoicesProps {
  legend: string
  all: readonly string[]
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}

/** Any of several; their order stays that of the list. */
function Choices({ legend, all, chosen, onChange }: ChoicesProps) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      <div className="trigger-choices">
        {all.map((name) => (
          <CheckField
            key={name}
            label={name}
            checked={chosen.includes(name)}
            onChange={(event) =>
              onChange(all.filter((other) => (other === name ? event.target.checked : chosen.includes(other))))
            }
          />
        ))}
      </div>
    </fieldset>
  )
}
