/** Every page of the console, in the order of the navigation; each is loaded when it is opened first. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { IconName } from './components/icon.tsx'
import type { PageName } from './shell/words.ts'

export interface Page {
  /** Its title is the word of this name. */
  name: PageName & IconName
  /** Below `/console`; the first one is where the navigation leads. */
  paths: readonly string[]
  /** Pressed after `g`. */
  letter: string
  component: LazyExoticComponent<ComponentType>
}

export const pages: readonly Page[] = [
  {
    name: 'dashboard',
    paths: ['/'],
    letter: 'd',
    component: lazy(() => import('./pages/dashboard/page.tsx')),
  },
  {
    name: 'functions',
    paths: ['/functions', '/functions/:key', '/functions/:key/:tab', '/create-function'],
    letter: 'f',
    component: lazy(() => import('./pages/functions/page.tsx')),
  },
  {
    name: 'instances',
    paths: ['/instances'],
    letter: 'i',
    component: lazy(() => import('./pages/instances/page.tsx')),
  },
  {
    name: 'logs',
    paths: ['/logs', '/logs/requests/:requestId'],
    letter: 'l',
    component: lazy(() => import('./pages/logs/page.tsx')),
  },
  {
    name: 'async',
    paths: ['/async', '/async/:key'],
    letter: 'a',
    component: lazy(() => import('./pages/async/page.tsx')),
  },
  {
    name: 'objects',
    paths: ['/buckets', '/buckets/:bucket'],
    letter: 'o',
    component: lazy(() => import('./pages/objects/page.tsx')),
  },
  {
    name: 'alerts',
    paths: ['/alerts', '/alerts/:tab'],
    letter: 'w',
    component: lazy(() => import('./pages/alerts/page.tsx')),
  },
  {
    name: 'bill',
    paths: ['/bill'],
    letter: 'b',
    component: lazy(() => import('./pages/bill/page.tsx')),
  },
  {
    name: 'runtimes',
    paths: ['/runtimes'],
    letter: 'r',
    component: lazy(() => import('./pages/runtimes/page.tsx')),
  },
  {
    name: 'settings',
    paths: ['/settings'],
    letter: 's',
    component: lazy(() => import('./pages/settings/page.tsx')),
  },
]
