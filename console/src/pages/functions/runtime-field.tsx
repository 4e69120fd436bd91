import { Field } from '../../components/field.tsx'
import type { Runtime } from '../../api/runtimes.ts'
import { useWords } from '../../i18n/language.ts'
import { words } from './words.ts'

interface RuntimeFieldProps {
  runtimes: readonly Runtime[]
  value: string
  onChange: (name: string) => void
}

const familyOf = ({ name }: Runtime) => name.replace(/[\d.].*$/, '')

/** Newest first within a language; what cannot run here says so and cannot be chosen. */
export function RuntimeField({ runtimes, value, onChange }: RuntimeFieldProps) {
  const t = useWords(words)
  const families = [...Map.groupBy(runtimes, familyOf)]
  const { runsOn } = runtimes.find(({ name }) => name === value) ?? {}
  return (
    <Field label={t.runtime} help={runsOn && t.runtimeHelp(`${runsOn.program} (${runsOn.version})`)}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
          {families.map(([family, members]) => (
            <optgroup key={family} label={family}>
              {members.toReversed().map(({ name, available }) => (
                <option key={name} value={name} disabled={!available}>
                  {available ? name : `${name} – ${t.unavailable}`}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      )}
    </Field>
  )
}
