/** Chooses a function by its name, also among very many: names are proposed as one types. */
import { useId, useState } from 'react'
import { useFunctions } from '../api/functions.ts'
import './function-field.css'

interface Props {
  label: string
  value: string
  onChange: (functionKey: string) => void
  placeholder?: string
}

/** Tells a name when it was chosen or typed to its end (Enter, or leaving the field). */
export function FunctionField({ label, value, onChange, placeholder }: Props) {
  const listId = useId()
  const functionKeys = useFunctions().data?.map(({ key }) => key) ?? []
  const [draft, setDraft] = useState<string | null>(null)
  const tell = (text: string) => {
    setDraft(null)
    if (text.trim() !== value) onChange(text.trim())
  }
  return (
    <>
      <input
        type="search"
        className="function-field"
        aria-label={label}
        placeholder={placeholder ?? label}
        list={listId}
        value={draft ?? value}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => {
          if (target.value === '' || functionKeys.includes(target.value)) tell(target.value)
          else setDraft(target.value)
        }}
        onBlur={() => draft !== null && tell(draft)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || draft === null) return
          event.preventDefault()
          tell(draft)
        }}
      />
      <datalist id={listId}>
        {functionKeys.map((functionKey) => (
          <option key={functionKey} value={functionKey} />
        ))}
      </datalist>
    </>
  )
}
