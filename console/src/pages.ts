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
    paths: ['/functions', '/functions/:key', '/functions/:key/:tab'],
    letter: 'f',
    component: lazy(() => import('./pages/functions/page.tsx')),
  },
]
