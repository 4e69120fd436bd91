/** Every page of the console, in the order of the navigation; each is loaded when it is opened first. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { IconName } from './components/icon.tsx'
import type { PageName } from './shell/words.ts'

interface Listed {
  /** Its title is the word of this name. */
  name: PageName & IconName
  /** Below `/console`; the first one is where the navigation leads. */
  paths: readonly string[]
  /** Pressed after `g`. */
  letter: string
  load: () => Promise<{ default: ComponentType }>
}

export interface Page extends Listed {
  component: LazyExoticComponent<ComponentType>
}

const listed: readonly Listed[] = [
  {
    name: 'dashboard',
    paths: ['/'],
    letter: 'd',
    load: () => import('./pages/dashboard/page.tsx'),
  },
  {
    name: 'functions',
    paths: ['/functions', '/functions/:key', '/functions/:key/:tab', '/create-function'],
    letter: 'f',
    load: () => import('./pages/functions/page.tsx'),
  },
  {
    name: 'instances',
    paths: ['/instances'],
    letter: 'i',
    load: () => import('./pages/instances/page.tsx'),
  },
  {
    name: 'logs',
    paths: ['/logs', '/logs/requests/:requestId'],
    letter: 'l',
    load: () => import('./pages/logs/page.tsx'),
  },
  {
    name: 'async',
    paths: ['/async', '/async/:key'],
    letter: 'a',
    load: () => import('./pages/async/page.tsx'),
  },
  {
    name: 'objects',
    paths: ['/buckets', '/buckets/:bucket'],
    letter: 'o',
    load: () => import('./pages/objects/page.tsx'),
  },
  {
    name: 'alerts',
    paths: ['/alerts', '/alerts/:tab'],
    letter: 'w',
    load: () => import('./pages/alerts/page.tsx'),
  },
  {
    name: 'bill',
    paths: ['/bill'],
    letter: 'b',
    load: () => import('./pages/bill/page.tsx'),
  },
  {
    name: 'runtimes',
    paths: ['/runtimes'],
    letter: 'r',
    load: () => import('./pages/runtimes/page.tsx'),
  },
  {
    name: 'settings',
    paths: ['/settings'],
    letter: 's',
    load: () => import('./pages/settings/page.tsx'),
  },
]

export const pages: readonly Page[] = listed.map((page) => ({ ...page, component: lazy(page.load) }))

/** Begins to load the page that an address below `/console` leads to, while other things are on their way. */
export function preloadPage(path: string): void {
  const folder = (address: string) => address.split('/')[1]
  void pages.find(({ paths }) => paths.some((known) => folder(known) === folder(path)))?.load()
}
