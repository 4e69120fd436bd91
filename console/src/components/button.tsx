import './button.css'
import type { ComponentProps, ReactNode } from 'react'
import { Link } from 'wouter'
import { Icon, type IconName } from './icon.tsx'

interface Look {
  kind?: 'primary' | 'secondary' | 'quiet' | 'danger'
  icon?: IconName
  /** Lower, for tables and heads of cards. */
  small?: boolean
}

const classOf = ({ kind = 'secondary', small = false }: Look, more = '') =>
  `button ${kind}${small ? ' small' : ''} ${more}`.trim()

interface ButtonProps extends Look, Omit<ComponentProps<'button'>, 'children'> {
  children?: ReactNode
  /** Shows that its work goes on; it cannot be pressed meanwhile. */
  busy?: boolean
}

export function Button({ kind, icon, small, busy = false, children, className, disabled, ...rest }: ButtonProps) {
  const look = { ...(kind && { kind }), ...(small && { small }) }
  return (
    <button type="button" {...rest} className={classOf(look, className)} disabled={disabled || busy} aria-busy={busy}>
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button that is its icon; `label` is read aloud and shown when pointed at. */
export function IconButton({ label, ...rest }: ButtonProps & { label: string; icon: IconName }) {
  return <Button kind="quiet" {...rest} className="icon-only" aria-label={label} title={label} />
}

/** Looks like a button and leads to another page. */
export function ButtonLink({ href, children, ...look }: Look & { href: string; children: ReactNode }) {
  return (
    <Link href={href} className={classOf(look)}>
      {look.icon && <Icon name={look.icon} />}
      {children}
    </Link>
  )
}
