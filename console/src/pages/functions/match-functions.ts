import type { FunctionItem } from '../../api/functions.ts'

type Matched = Pick<FunctionItem, 'key' | 'serviceName' | 'runtime' | 'description'>

/**
 * Functions in which every word of the text is found. `service`: `any`, `none` (3.0 functions), or `in {name}`, which no
 * name of a service can be taken for.
 */
export function matchFunctions<Item extends Matched>(items: readonly Item[], text: string, service: string): Item[] {
  const sought = text.toLowerCase().split(/\s+/).filter(Boolean)
  return items.filter((item) => {
    if (service === 'none' && item.serviceName !== null) return false
    if (service.startsWith('in ') && item.serviceName !== service.slice('in '.length)) return false
    const where = `${item.key} ${item.runtime} ${item.description}`.toLowerCase()
    return sought.every((word) => where.includes(word))
  })
}
