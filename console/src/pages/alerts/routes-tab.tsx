/** Where notices go. */
import { useState } from 'react'
import type { AlertRoute } from '../../../../server/src/alerts/port.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table } from '../../components/table.tsx'
import { toastError } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { useRemove, useRoutes, useTest } from './data.ts'
import { Deliveries } from './deliveries.tsx'
import { RouteDialog } from './route-dialog.tsx'
import { words } from './words.ts'

type Open = { kind: 'new' } | { kind: 'edit'; route: AlertRoute } | { kind: 'delete'; name: string }

export function RoutesTab() {
  const t = useWords(words)
  const [open, setOpen] = useState<Open | null>(null)
  const routes = useRoutes()
  const test = useTest('routes')
  const remove = useRemove('routes')
  const close = () => setOpen(null)
  return (
    <>
      <div className="row">
        <Button kind="primary" icon="plus" onClick={() => setOpen({ kind: 'new' })}>
          {t.newRoute}
        </Button>
      </div>
      <QueryView query={routes}>
        {({ routes: all }) => (
          <div className="card flush">
            <Table
              caption={t.routes}
              rows={all}
              keyOf={({ name }) => name}
              empty={
                <EmptyState icon="alerts" title={t.noRouteYet}>
                  {t.noRouteYetHint}
                </EmptyState>
              }
              columns={[
                {
                  key: 'name',
                  header: t.name,
                  render: (route) => (
                    <button type="button" className="alerts-name" onClick={() => setOpen({ kind: 'edit', route })}>
                      {route.name}
                    </button>
                  ),
                  sortBy: ({ name }) => name,
                },
                {
                  key: 'kind',
                  header: t.kindOfRoute,
                  render: ({ kind }) => <Badge>{kind === 'function' ? t.functionRoute : t[kind]}</Badge>,
                  sortBy: ({ kind }) => kind,
                },
                { key: 'target', header: t.target, render: (route) => targetOf(route) },
                {
                  key: 'actions',
                  header: t.actions,
                  render: ({ name }) => (
                    <span className="row alerts-actions">
                      <Button
                        small
                        icon="play"
                        busy={test.isPending && test.variables === name}
                        onClick={() => test.mutate(name, { onError: toastError })}
                      >
                        {t.test}
                      </Button>
                      <IconButton
                        small
                        icon="trash"
                        label={`${t.delete}: ${name}`}
                        onClick={() => setOpen({ kind: 'delete', name })}
                      />
                    </span>
                  ),
                },
              ]}
            />
          </div>
        )}
      </QueryView>
      {open?.kind === 'new' && <RouteDialog onClose={close} />}
      {open?.kind === 'edit' && <RouteDialog before={open.route} onClose={close} />}
      {open?.kind === 'delete' && (
        <ConfirmDialog
          title={`${t.delete}: ${open.name}`}
          confirmLabel={t.delete}
          busy={remove.isPending}
          onClose={close}
          onConfirm={() => remove.mutate(open.name, { onError: toastError, onSettled: close })}
        >
          <p>{t.deleteRouteText}</p>
        </ConfirmDialog>
      )}
      {test.data && <Deliveries deliveries={test.data.deliveries} onClose={() => test.reset()} />}
    </>
  )
}

function targetOf(route: AlertRoute): string {
  if (route.kind === 'webhook') return route.url
  if (route.kind === 'email') return route.to.join(', ')
  return `${route.functionKey} · ${route.qualifier}`
}
