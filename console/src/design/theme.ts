/** Light, dark, or as the system is. */
import { createStore, useStore } from '../store.ts'

export type Theme = 'system' | 'light' | 'dark'

const KEPT_AS = 'sluice.theme'
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')
const store = createStore<Theme>(initialTheme())
/** What is shown, for what cannot follow the style sheet: canvases and editors. */
const shown = createStore<'light' | 'dark'>(resolve(store.get()))

systemIsDark.addEventListener('change', () => applyTheme())

function initialTheme(): Theme {
  const kept = localStorage.getItem(KEPT_AS)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

function resolve(theme: Theme): 'light' | 'dark' {
  if (theme !== 'system') return theme
  return systemIsDark.matches ? 'dark' : 'light'
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEPT_AS, theme)
  store.set(theme)
  applyTheme()
}

export function applyTheme(): void {
  const theme = store.get()
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme
  shown.set(resolve(theme))
}

export const useTheme = (): Theme => useStore(store)
export const useShownTheme = (): 'light' | 'dark' => useStore(shown)

/** A colour of the design system as a canvas takes it. */
export function colourOf(element: Element, property: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${property})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
