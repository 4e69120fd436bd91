import './field.css'
import { useId, type ComponentProps, type ReactNode } from 'react'

interface FieldProps {
  label: ReactNode
  /** What is accepted, below the control. */
  help?: ReactNode
  /** What is wrong with the value; said aloud when it comes. */
  error?: string | undefined
  children: (control: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ReactNode
}

/** A control with its label, help and error, bound to it for everyone. */
export function Field({ label, help, error, children }: FieldProps) {
  const id = useId()
  const described = error ? `${id}-error` : help ? `${id}-help` : undefined
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error !== undefined && error !== '' })}
      {help && !error && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {error && (
        <p className="error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

type Labelled = Omit<FieldProps, 'children'>

export function TextField({ label, help, error, ...input }: Labelled & ComponentProps<'input'>) {
  return (
    <Field label={label} help={help} error={error}>
      {(control) => <input type="text" autoComplete="off" spellCheck={false} {...input} {...control} />}
    </Field>
  )
}

export function TextArea({ label, help, error, ...input }: Labelled & ComponentProps<'textarea'>) {
  return (
    <Field label={label} help={help} error={error}>
      {(control) => <textarea spellCheck={false} {...input} {...control} />}
    </Field>
  )
}

interface SelectProps extends Labelled, Omit<ComponentProps<'select'>, 'children'> {
  options: readonly { value: string; label: string; disabled?: boolean }[]
}

export function SelectField({ label, help, error, options, ...select }: SelectProps) {
  return (
    <Field label={label} help={help} error={error}>
      {(control) => (
        <select {...select} {...control}>
          {options.map(({ value, label: text, disabled }) => (
            <option key={value} value={value} disabled={disabled}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

export function CheckField({
  label,
  help,
  ...input
}: { label: ReactNode; help?: ReactNode } & ComponentProps<'input'>) {
  const id = useId()
  return (
    <div className="check-field">
      <input type="checkbox" {...input} id={id} aria-describedby={help ? `${id}-help` : undefined} />
      <label htmlFor={id}>{label}</label>
      {help && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}

/** Takes hold of search boxes by the key `/`. */
export function SearchField({ label, ...input }: { label: string } & ComponentProps<'input'>) {
  return (
    <input
      type="search"
      className="search-field"
      aria-label={label}
      placeholder={label}
      autoComplete="off"
      spellCheck={false}
      data-search-field=""
      {...input}
    />
  )
}
