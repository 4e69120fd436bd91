/** Triggers: what calls a function. */
import { FcError } from '../../errors.ts'
import type { FunctionKey, TriggerDocument } from '../../model.ts'
import { keyOf, LATEST, scopeOf, splitFunctionKey } from '../../model.ts'
import type { Random } from '../../clock.ts'
import type { Plan, Resource } from './commit.ts'
import { change, changeDocument, checkIfMatch, readScope, resourceOf, touchScope } from './commit.ts'
import type { Context } from './context.ts'
import { newId, now } from './context.ts'
import { findFunction, findQualified } from './find.ts'
import type { Page, PageRequest } from './list.ts'
import { listAll, listPage } from './list.ts'
import { checkName, isName } from './names.ts'
import { checkEventBridgeTrigger } from './eventbridge-config.ts'
import { checkOssTrigger } from './oss-config.ts'
import { checkTriggerType, readTriggerConfig } from './trigger-config.ts'

const TRIGGERS_PER_FUNCTION_MAX = 50
const HOST_ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const HOST_ID_LENGTH = 10

export interface NewTrigger {
  triggerName: string
  triggerType: string
  triggerConfig: unknown
  qualifier?: string | undefined
  description?: string | undefined
  sourceArn?: string | undefined
  invocationRole?: string | undefined
}

export async function createTrigger(
  context: Context,
  functionKey: FunctionKey,
  input: NewTrigger,
): Promise<Resource<'trigger'>> {
  const { triggerName, triggerType } = input
  checkName('triggerName', triggerName)
  checkTriggerType(triggerType)
  const triggerConfig = readTriggerConfig(triggerType, input.triggerConfig ?? {}, context.createJwtVerifier)
  const scope = scopeOf(functionKey)
  const key = keyOf.trigger(functionKey, triggerName)
  return changeTrigger(context, triggerType, functionKey, key, async () => {
    const scopeDocument = await readScope(context, scope)
    await findFunction(context, functionKey)
    const siblings = (await listAll(context, 'trigger', `${functionKey}/`)).map(({ value }) => value)
    const time = now(context)
    const value: TriggerDocument = {
      functionKey,
      triggerName,
      triggerType,
      triggerId: newId(context),
      triggerConfig,
      qualifier: input.qualifier || LATEST,
      description: input.description ?? '',
      sourceArn: input.sourceArn ?? null,
      invocationRole: input.invocationRole ?? null,
      hostId: triggerType === 'http' ? newHostId(context.random) : null,
      createdTime: time,
      lastModifiedTime: time,
    }
    if (siblings.some((sibling) => sibling.triggerName === triggerName)) {
      throw new FcError(
        'TriggerAlreadyExists',
        `trigger '${triggerName}' already exists in function '${splitFunctionKey(functionKey).name}'`,
      )
    }
    if (siblings.length >= TRIGGERS_PER_FUNCTION_MAX) {
      throw new FcError('LimitExceededError', `a function can have at most ${TRIGGERS_PER_FUNCTION_MAX} triggers`)
    }
    await checkQualifier(context, value, siblings)
    checkSource(context, value)
    return {
      writes: [{ kind: 'trigger', key, ifRevision: 0, value }, ...(scopeDocument ? [touchScope(scopeDocument)] : [])],
      result: value,
    }
  })
}

/** Whether triggers of buckets overlap is looked at for one at a time: they may be those of several functions. */
function changeTrigger(
  context: Context,
  triggerType: string,
  functionKey: FunctionKey,
  key: string,
  plan: () => Promise<Plan<TriggerDocument>>,
): Promise<Resource<'trigger'>> {
  const work = () => changeDocument(context, scopeOf(functionKey), 'trigger', key, plan)
  return triggerType === 'oss' ? context.lanes.run('triggers of buckets', work) : work()
}

function checkSource(context: Context, trigger: TriggerDocument): void {
  if (trigger.triggerType === 'oss') checkOssTrigger(trigger, context.triggerRules)
  if (trigger.triggerType === 'eventbridge') checkEventBridgeTrigger(trigger, context.options)
}

function newHostId(random: Random): string {
  return Array.from(random.bytes(HOST_ID_LENGTH), (byte) => HOST_ID_CHARACTERS[byte % 36]).join('')
}

/** The qualifier must exist, and a function version has one http trigger, for there is one path to it. */
async function checkQualifier(
  context: Context,
  trigger: TriggerDocument,
  siblings: readonly TriggerDocument[],
): Promise<void> {
  await findQualified(context, scopeOf(trigger.functionKey), trigger.qualifier)
  if (trigger.triggerType !== 'http') return
  const twin = siblings.find(
    (sibling) =>
      sibling.triggerType === 'http' &&
      sibling.qualifier === trigger.qualifier &&
      sibling.triggerName !== trigger.triggerName,
  )
  if (twin) {
    throw new FcError(
      'TriggerAlreadyExists',
      `qualifier '${trigger.qualifier}' already has the http trigger '${twin.triggerName}'; one is allowed`,
    )
  }
}

async function findTrigger(context: Context, functionKey: FunctionKey, triggerName: string) {
  await findFunction(context, functionKey)
  const stored = isName('triggerName', triggerName)
    ? await context.metadata.read('trigger', keyOf.trigger(functionKey, triggerName))
    : undefined
  if (stored) return stored
  const { name } = splitFunctionKey(functionKey)
  throw new FcError('TriggerNotFound', `trigger '${triggerName}' does not exist in function '${name}'`)
}

export async function getTrigger(
  context: Context,
  functionKey: FunctionKey,
  triggerName: string,
): Promise<Resource<'trigger'>> {
  return resourceOf('trigger', await findTrigger(context, functionKey, triggerName))
}

export interface TriggerPatch {
  /** Replaced whole. */
  triggerConfig?: unknown
  qualifier?: string | undefined
  description?: string | undefined
  invocationRole?: string | undefined
}

export async function updateTrigger(
  context: Context,
  functionKey: FunctionKey,
  triggerName: string,
  patch: TriggerPatch,
  ifMatch: string | undefined,
): Promise<Resource<'trigger'>> {
  const key = keyOf.trigger(functionKey, triggerName)
  const { triggerType } = (await findTrigger(context, functionKey, triggerName)).value
  return changeTrigger(context, triggerType, functionKey, key, async () => {
    const stored = await findTrigger(context, functionKey, triggerName)
    checkIfMatch(ifMatch, resourceOf('trigger', stored).etag)
    const before = stored.value
    const value: TriggerDocument = {
      ...before,
      triggerConfig:
        patch.triggerConfig === undefined
          ? before.triggerConfig
          : readTriggerConfig(before.triggerType, patch.triggerConfig, context.createJwtVerifier),
      qualifier: patch.qualifier || before.qualifier,
      description: patch.description ?? before.description,
      invocationRole: patch.invocationRole ?? before.invocationRole,
      lastModifiedTime: now(context),
    }
    const siblings = await listAll(context, 'trigger', `${functionKey}/`)
    await checkQualifier(
      context,
      value,
      siblings.map((sibling) => sibling.value),
    )
    checkSource(context, value)
    return { writes: [{ kind: 'trigger', key, ifRevision: stored.revision, value }], result: value }
  })
}

export async function deleteTrigger(
  context: Context,
  functionKey: FunctionKey,
  triggerName: string,
  ifMatch: string | undefined,
): Promise<void> {
  await change(context, scopeOf(functionKey), async () => {
    const stored = await findTrigger(context, functionKey, triggerName)
    checkIfMatch(ifMatch, resourceOf('trigger', stored).etag)
    return {
      writes: [{ kind: 'trigger', key: stored.key, ifRevision: stored.revision, value: null }],
      result: undefined,
    }
  })
}

export async function listTriggers(
  context: Context,
  functionKey: FunctionKey,
  request: PageRequest,
): Promise<Page<TriggerDocument>> {
  await findFunction(context, functionKey)
  const page = await listPage(context, 'trigger', request, { folder: `${functionKey}/` })
  return { ...page, items: page.items.map((stored) => stored.value) }
}
