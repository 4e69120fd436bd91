/** Reads s.yaml of both editions into a plan. */
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseDocument } from 'yaml'
import type { Environment } from '../connection.ts'
import { CliError, exitCodes, usageError } from '../errors.ts'
import { isObject, type Json, objectOf, textOf } from '../json.ts'
import { readBuild } from './actions.ts'
import { readFc1 } from './fc1.ts'
import { readFc3, readFc3Domain } from './fc3.ts'
import { emptyPlan, type Plan } from './plan.ts'
import { resolveVariables } from './variables.ts'

const TEMPLATE_BYTES_MAX = 1024 * 1024

/** Throws a usage error that names file, place, and what is accepted. */
export async function readTemplate(file: string, environment: Environment): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CliError(`there is no file ${file}`, exitCodes.usage)
  })
  return parseTemplate(text, { file, folder: dirname(file), environment })
}

/** `folder`: what relative code paths start from. */
export function parseTemplate(
  text: string,
  { file, folder, environment }: { file: string; folder: string; environment: Environment },
): Plan {
  if (text.length > TEMPLATE_BYTES_MAX) throw usageError(`${file} is longer than ${TEMPLATE_BYTES_MAX} bytes`)
  const yaml = parseDocument(text, { merge: true, prettyErrors: true })
  const [broken] = yaml.errors
  if (broken) throw usageError(`${file} is not valid YAML: ${broken.message.trimEnd()}`)
  const document = objectOf(yaml.toJS())
  const resources = findResources(document, file)
  const resolved = objectOf(resolveVariables(document, environment)[resources])

  const plan = emptyPlan()
  for (const [id, resource] of Object.entries(resolved)) readResource(id, objectOf(resource), resources, folder, plan)
  if (plan.functions.length + plan.domains.length + plan.services.length === 0) {
    throw usageError(`${file} has no resource to deploy; components fc3, fc3-domain and fc are understood`)
  }
  return plan
}

function findResources(document: Json, file: string): 'resources' | 'services' {
  if (isObject(document['resources'])) return 'resources'
  if (isObject(document['services'])) return 'services'
  if ('ROSTemplateFormatVersion' in document) {
    throw usageError(`${file} is a template of the fun tool; write it as s.yaml (components fc3 or fc)`)
  }
  throw usageError(`${file} has neither resources (edition 3.0.0) nor services (edition 1.0.0)`)
}

function readResource(id: string, resource: Json, root: string, folder: string, plan: Plan): void {
  const place = `${root}.${id}`
  // `devsapp/fc`, `fc3@0.1.2`: publisher and version do not matter here.
  const component = textOf(resource['component']).replace(/^.*\//, '').replace(/@.*$/, '')
  const props = {
    place: `${place}.props`,
    values: objectOf(resource['props']),
    build: readBuild(resource['actions'], `${place}.actions`, folder, plan.warnings),
    warnings: plan.warnings,
  }
  if (component === 'fc3') readFc3(props, folder, plan)
  else if (component === 'fc3-domain') readFc3Domain(props, plan)
  else if (component === 'fc') readFc1(props, folder, plan)
  else
    plan.warnings.push(`${place}: the component '${component}' is not understood (fc3, fc3-domain, fc are); left out`)
}
