import { SelectField } from '../../../components/field.tsx'
import { useWords } from '../../../i18n/language.ts'
import { useAliases, useVersions } from './versions.ts'
import { words } from './words.ts'

interface QualifierFieldProps {
  functionKey: string
  label: string
  /** Empty: LATEST. */
  value: string
  onChange: (qualifier: string) => void
}

/** A version, an alias, or what is deployed. */
export function QualifierField({ functionKey, label, value, onChange }: QualifierFieldProps) {
  const t = useWords(words)
  const versions = useVersions(functionKey)
  const aliases = useAliases(functionKey)
  const names = [
    ...(aliases.data ?? []).map(({ aliasName }) => ({ value: aliasName, label: aliasName })),
    ...(versions.data ?? []).map(({ versionId }) => ({ value: versionId, label: `${t.version} ${versionId}` })),
  ]
  // What is set already stays to be seen, even while the lists are on their way.
  const isListed = value === '' || names.some((name) => name.value === value)
  return (
    <SelectField
      label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      options={[{ value: '', label: t.latest }, ...names, ...(isListed ? [] : [{ value, label: value }])]}
    />
  )
}
