/** From what s.yaml describes to the one function that is invoked, as a plan that needs nothing of the cloud. */
import { usageError } from '../errors.ts'
import { showRef } from '../function-ref.ts'
import { HTTP_TRIGGER } from '../template/flags.ts'
import type { FunctionPlan, Plan } from '../template/plan.ts'

/**
 * `name`: which function, when there are several. Settings of scaling, domains and triggers are left out: nothing but this
 * command calls it. For HTTP it gets its own HTTP trigger, or one for all methods, and answers without a signature.
 */
export function planOne(plan: Plan, name: string | undefined, isHttp: boolean): { plan: Plan; planned: FunctionPlan } {
  const names = plan.functions.map(({ ref }) => showRef(ref))
  const found = name === undefined ? plan.functions : plan.functions.filter(({ ref }) => showRef(ref) === name)
  if (found.length !== 1) {
    const wrong = name === undefined ? 'which function?' : `there is no function '${name}'`
    throw usageError(`--function: ${wrong}`, `s.yaml describes ${names.join(', ') || 'none'}`)
  }
  const [chosen] = found as [FunctionPlan]
  if (chosen.code.kind === 'object') {
    throw usageError(`${showRef(chosen.ref)}: its code is in a bucket; a local invocation needs it in a folder or file`)
  }
  const own = chosen.triggers.find(({ triggerType }) => triggerType === 'http') ?? HTTP_TRIGGER
  const trigger = { ...own, triggerConfig: { ...own.triggerConfig, authType: 'anonymous' }, more: {} }
  const planned = { ...chosen, triggers: isHttp ? [trigger] : [], settings: [] }
  const services = plan.services.filter(({ name: service }) => service === planned.ref.service)
  return { plan: { services, functions: [planned], domains: [], warnings: plan.warnings }, planned }
}
