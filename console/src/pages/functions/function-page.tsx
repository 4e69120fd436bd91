import './functions.css'
import { lazy, Suspense, useState } from 'react'
import { Link, Redirect, useLocation } from 'wouter'
import { FC2, FC3, functionHref, useFunction, type FunctionItem } from '../../api/functions.ts'
import { useChange } from '../../api/use-api.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, ButtonLink } from '../../components/button.tsx'
import { CopyButton } from '../../components/code-block.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { EmptyState, ErrorNotice, Skeleton } from '../../components/states.tsx'
import { TabLinks } from '../../components/tabs.tsx'
import { toast } from '../../components/toast.tsx'
import { useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { deleteWhole } from './delete-whole.ts'
import { AddressList } from './triggers/address-list.tsx'
import { words } from './words.ts'

const tabs = {
  code: lazy(() => import('./code/code-tab.tsx')),
  test: lazy(() => import('./test/test-tab.tsx')),
  configuration: lazy(() => import('./configuration-tab.tsx')),
  versions: lazy(() => import('./versions/versions-tab.tsx')),
  triggers: lazy(() => import('./triggers/triggers-tab.tsx')),
  monitoring: lazy(() => import('./monitoring-tab.tsx')),
}
export type TabName = keyof typeof tabs

export default function FunctionPage({ functionKey, tab }: { functionKey: string; tab: string }) {
  const t = useWords(words)
  const found = useFunction(functionKey)
  if (!Object.hasOwn(tabs, tab)) return <Redirect to={functionHref(functionKey)} replace />
  if (found.data === undefined && found.error?.status === 404) {
    return (
      <>
        <PageHead title={functionKey} />
        <EmptyState icon="functions" title={t.refused} action={<ButtonLink href="/functions">{t.toList}</ButtonLink>} />
      </>
    )
  }
  if (found.data === undefined) return found.error ? <ErrorNotice error={found.error} /> : <Skeleton lines={6} />
  const Tab = tabs[tab as TabName]
  return (
    <>
      <FunctionHead item={found.data} />
      <div className="functions-tabs">
        <TabLinks
          label={t.tabs}
          selected={tab}
          hrefOf={(id) =>
            id === 'logs' ? `/logs?function=${encodeURIComponent(functionKey)}` : functionHref(functionKey, id)
          }
          tabs={[
            { id: 'code', label: t.tabCode },
            { id: 'test', label: t.tabTest },
            { id: 'configuration', label: t.tabConfiguration },
            { id: 'versions', label: t.tabVersions },
            { id: 'triggers', label: t.tabTriggers },
            { id: 'monitoring', label: t.tabMonitoring },
            { id: 'logs', label: t.tabLogs },
          ]}
        />
      </div>
      <Suspense fallback={<Skeleton lines={6} />}>
        <Tab item={found.data} />
      </Suspense>
    </>
  )
}

function FunctionHead({ item }: { item: FunctionItem }) {
  const t = useWords(words)
  const [isDeleting, setDeleting] = useState(false)
  const lead = (
    <>
      <div className="row">
        <Badge tone="accent">{item.runtime}</Badge>
        {item.serviceName === null ? (
          <Badge>API 3.0</Badge>
        ) : (
          <Link href={`/functions?service=${encodeURIComponent(`in ${item.serviceName}`)}`}>
            {t.service} {item.serviceName}
          </Link>
        )}
        {item.description !== '' && <span>{item.description}</span>}
      </div>
      <AddressList functionKey={item.key} />
    </>
  )
  return (
    <>
      <PageHead
        title={item.functionName}
        lead={lead}
        actions={
          <>
            <CopyButton text={item.key} label={t.copyName} />
            <Button icon="trash" onClick={() => setDeleting(true)}>
              {t.delete}
            </Button>
          </>
        }
      />
      {isDeleting && <DeleteFunction item={item} onClose={() => setDeleting(false)} />}
    </>
  )
}

function DeleteFunction({ item, onClose }: { item: FunctionItem; onClose: () => void }) {
  const t = useWords(words)
  const [, navigate] = useLocation()
  const remove = useChange(() => deleteWhole(item.key), [`${FC3}/functions`, FC2])
  return (
    <ConfirmDialog
      title={t.deleteFunction}
      confirmLabel={t.delete}
      typed={item.functionName}
      busy={remove.isPending}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            toast(t.deleted(item.functionName))
            navigate('/functions')
          },
        })
      }
    >
      <p>{t.deleteFunctionText}</p>
      {remove.error && <ErrorNotice error={remove.error} />}
    </ConfirmDialog>
  )
}
