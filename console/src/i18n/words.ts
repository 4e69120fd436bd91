/** Dictionaries: each part of the console keeps its own, in both languages; a key that one lacks is a type error. */

export type Language = 'en' | 'zh'

/** A text, or how to make one of values (for numbers in words, and order that differs between languages). */
type Entry = string | ((...values: never[]) => string)

export type Translation<English> = { [Key in keyof English]: English[Key] extends string ? string : English[Key] }

export interface Words<English> {
  en: Translation<English>
  zh: Translation<English>
}

export function defineWords<const English extends Readonly<Record<string, Entry>>>(
  en: English,
  zh: NoInfer<Translation<English>>,
): Words<English> {
  return { en: en as Translation<English>, zh }
}
