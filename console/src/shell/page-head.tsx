import type { ReactNode } from 'react'

interface PageHeadProps {
  title: string
  /** A sentence, or what the thing is. */
  lead?: ReactNode
  actions?: ReactNode
}

/** The head of a page; names the window, too. */
export function PageHead({ title, lead, actions }: PageHeadProps) {
  return (
    <div className="page-head">
      <title>{`${title} · Sluice`}</title>
      <div>
        <h1>{title}</h1>
        {lead && <div className="lead">{lead}</div>}
      </div>
      {actions && <div className="row">{actions}</div>}
    </div>
  )
}
