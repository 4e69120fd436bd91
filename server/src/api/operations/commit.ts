/** Changes to the metadata: read, decide, commit if nothing moved meanwhile, else decide again. */
import { createHash } from 'node:crypto'
import { FcError } from '../../errors.ts'
import type { Stored, Write } from '../../metadata/port.ts'
import type { DocumentKind, Documents, Scope } from '../../model.ts'
import { keyOf } from '../../model.ts'
import type { Context } from './context.ts'

/** How often a change is planned anew when another process was faster. */
const COMMIT_ATTEMPTS_MAX = 8

export interface Resource<Kind extends DocumentKind> {
  value: Documents[Kind]
  etag: string
}

export interface Plan<Result> {
  writes: Write[]
  result: Result
}

/** 32 hex digits that change with every write of the document. */
export function etagOf(kind: DocumentKind, key: string, revision: number): string {
  return createHash('md5').update(`${kind}\n${key}\n${revision}`).digest('hex')
}

export function resourceOf<Kind extends DocumentKind>(kind: Kind, stored: Stored<Kind>): Resource<Kind> {
  return { value: stored.value, etag: etagOf(kind, stored.key, stored.revision) }
}

export function checkIfMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch === undefined || ifMatch === '*' || ifMatch.replaceAll('"', '') === etag) return
  throw new FcError('PreconditionFailed', 'the resource being modified has been changed')
}

/**
 * Commits what `plan` decides; `plan` runs again when a document it relied on has changed, and so checks If-Match
 * again. Changes of one scope wait for each other.
 */
export async function change<Result>(
  context: Pick<Context, 'lanes' | 'metadata'>,
  scope: string,
  plan: () => Promise<Plan<Result>>,
): Promise<{ result: Result; revision: number }> {
  return context.lanes.run(scope, async () => {
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS_MAX; attempt++) {
      const { writes, result } = await plan()
      const outcome = await context.metadata.commit(writes)
      if (outcome.committed) return { result, revision: outcome.revision }
    }
    throw new FcError('ConcurrentUpdateError', 'the resource is being changed by another request; try again')
  })
}

/** `change` for a plan that writes one document: its value with the new ETag. */
export async function changeDocument<Kind extends DocumentKind>(
  context: Context,
  scope: string,
  kind: Kind,
  key: string,
  plan: () => Promise<Plan<Documents[Kind]>>,
): Promise<Resource<Kind>> {
  const { result, revision } = await change(context, scope, plan)
  return { value: result, etag: etagOf(kind, key, revision) }
}

/**
 * The scope's own document, made and removed with its owner. Whoever adds to or removes from a scope writes it back,
 * so that an owner is never removed while something is being added to it. Undefined: the owner does not exist.
 */
export async function readScope(
  context: Pick<Context, 'metadata'>,
  scope: Scope,
): Promise<Stored<'scope'> | undefined> {
  return context.metadata.read('scope', keyOf.scope(scope))
}

export function touchScope(stored: Stored<'scope'>, lastVersionId = stored.value.lastVersionId): Write {
  return { kind: 'scope', key: stored.key, ifRevision: stored.revision, value: { lastVersionId } }
}

export function removeScope(stored: Stored<'scope'>): Write {
  return { kind: 'scope', key: stored.key, ifRevision: stored.revision, value: null }
}
