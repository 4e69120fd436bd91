/** Which language the console speaks, and the words and formats of it. */
import { createStore, useStore } from '../store.ts'
import { createFormat, type Format } from './format.ts'
import type { Language, Translation, Words } from './words.ts'

const KEPT_AS = 'sluice.language'
const formats: Record<Language, Format> = { en: createFormat('en'), zh: createFormat('zh') }

const store = createStore<Language>(initialLanguage())

function initialLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS)
  if (kept === 'en' || kept === 'zh') return kept
  return navigator.language.startsWith('zh') ? 'zh' : 'en'
}

export function setLanguage(language: Language): void {
  localStorage.setItem(KEPT_AS, language)
  applyLanguage(language)
  store.set(language)
}

/** The attribute by which screen readers choose a voice, and browsers a font. */
export function applyLanguage(language: Language = store.get()): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
}

export const useLanguage = (): Language => useStore(store)

export function useWords<English>(words: Words<English>): Translation<English> {
  return words[useLanguage()]
}

export const useFormat = (): Format => formats[useLanguage()]
