import './functions.css'
import { useState } from 'react'
import { Link, useSearchParams } from 'wouter'
import { functionHref, useFunctions, useServices, type FunctionItem } from '../../api/functions.ts'
import { Badge } from '../../components/badge.tsx'
import { Button, ButtonLink } from '../../components/button.tsx'
import { SearchField } from '../../components/field.tsx'
import { EmptyState, QueryView } from '../../components/states.tsx'
import { Table, type Column } from '../../components/table.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useFormat, useWords } from '../../i18n/language.ts'
import { PageHead } from '../../shell/page-head.tsx'
import { matchFunctions } from './match-functions.ts'
import { CreateServiceDialog, ServiceTable } from './services.tsx'
import { words } from './words.ts'

export function FunctionList() {
  const t = useWords(words)
  const [search, setSearch] = useSearchParams()
  const [isCreating, setCreating] = useState(false)
  const view = search.get('view') === 'services' ? 'services' : 'functions'
  const select = (id: string) => setSearch(id === 'services' ? { view: id } : {}, { replace: true })
  return (
    <>
      <PageHead
        title={t.functions}
        lead={t.lead}
        actions={
          <>
            <Button icon="folder" onClick={() => setCreating(true)}>
              {t.createService}
            </Button>
            <ButtonLink kind="primary" icon="plus" href="/create-function">
              {t.createFunction}
            </ButtonLink>
          </>
        }
      />
      <div className="stack">
        <Tabs
          label={t.functions}
          panelId="function-list"
          selected={view}
          onSelect={select}
          tabs={[
            { id: 'functions', label: t.functions },
            { id: 'services', label: t.services },
          ]}
        />
        <div id="function-list" role="tabpanel" aria-label={t[view]}>
          {view === 'functions' ? <Functions /> : <ServiceTable />}
        </div>
      </div>
      {isCreating && <CreateServiceDialog onClose={() => setCreating(false)} />}
    </>
  )
}

function Functions() {
  const t = useWords(words)
  const functions = useFunctions()
  const services = useServices()
  const [search, setSearch] = useSearchParams()
  const text = search.get('q') ?? ''
  const service = search.get('service') ?? 'any'
  const set = (name: string, value: string) =>
    setSearch(
      (before) => {
        if (value === '' || value === 'any') before.delete(name)
        else before.set(name, value)
        return before
      },
      { replace: true },
    )
  return (
    <div className="stack">
      <div className="row">
        <SearchField label={t.search} value={text} onChange={(event) => set('q', event.target.value)} />
        <select
          className="functions-service"
          aria-label={t.service}
          value={service}
          onChange={(event) => set('service', event.target.value)}
        >
          <option value="any">{t.anyService}</option>
          <option value="none">{t.noService}</option>
          {services.data?.map(({ serviceName }) => (
            <option key={serviceName} value={`in ${serviceName}`}>
              {serviceName}
            </option>
          ))}
        </select>
      </div>
      <div className="card flush">
        <QueryView query={functions}>
          {(items) => <FunctionTable items={matchFunctions(items, text, service)} hasSome={items.length > 0} />}
        </QueryView>
      </div>
    </div>
  )
}

function FunctionTable({ items, hasSome }: { items: FunctionItem[]; hasSome: boolean }) {
  const t = useWords(words)
  const { durationMs, dateTime, megabytes } = useFormat()
  const columns: Column<FunctionItem>[] = [
    {
      key: 'name',
      header: t.name,
      sortBy: ({ key }) => key,
      render: (item) => (
        <Link href={functionHref(item.key)} className="functions-name">
          {item.serviceName !== null && <span className="soft">{item.serviceName} / </span>}
          {item.functionName}
        </Link>
      ),
    },
    {
      key: 'description',
      header: t.description,
      render: ({ description }) => <span className="soft functions-description">{description || '–'}</span>,
    },
    {
      key: 'runtime',
      header: t.runtime,
      sortBy: ({ runtime }) => runtime,
      render: ({ runtime }) => <Badge>{runtime}</Badge>,
    },
    {
      key: 'memory',
      header: t.memory,
      numeric: true,
      sortBy: ({ memorySize }) => memorySize,
      render: ({ memorySize }) => megabytes(memorySize),
    },
    {
      key: 'timeout',
      header: t.timeout,
      numeric: true,
      sortBy: ({ timeout }) => timeout,
      render: ({ timeout }) => durationMs(timeout * 1000),
    },
    {
      key: 'changed',
      header: t.changed,
      numeric: true,
      sortBy: ({ lastModifiedTime }) => Date.parse(lastModifiedTime),
      render: ({ lastModifiedTime }) => dateTime(Date.parse(lastModifiedTime)),
    },
  ]
  const empty = hasSome ? (
    <EmptyState icon="search" title={t.noMatch}>
      {t.noMatchText}
    </EmptyState>
  ) : (
    <EmptyState
      icon="functions"
      title={t.noFunctions}
      action={
        <ButtonLink kind="primary" icon="plus" href="/create-function">
          {t.createFunction}
        </ButtonLink>
      }
    >
      {t.noFunctionsText}
    </EmptyState>
  )
  return (
    <Table
      caption={t.functions}
      columns={columns}
      rows={items}
      keyOf={({ key }) => key}
      empty={empty}
      order={{ key: 'name', descending: false }}
    />
  )
}
