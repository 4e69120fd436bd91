/** What a language need not have. */
export type Capability = 'asynchronous' | 'concurrency'

/** Of each capability that a language lacks, why. */
export type Lacks = Readonly<Partial<Record<Capability, string>>>

/** For the options of a test that needs this capability. */
export function needing(capability: Capability, { lacks }: { lacks?: Lacks }): { skip: string | false } {
  return { skip: lacks?.[capability] ?? false }
}
