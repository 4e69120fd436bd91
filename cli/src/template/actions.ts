/** `actions` of a resource: commands around a deployment. Those before it build the code; no others are run. */
import { resolve } from 'node:path'
import { listOf, objectOf, textOf } from '../json.ts'
import type { BuildStep } from './plan.ts'

/** What is not run goes to `warnings`. `folder`: what relative paths start from. */
export function readBuild(actions: unknown, place: string, folder: string, warnings: string[]): BuildStep[] {
  return Object.entries(objectOf(actions)).flatMap(([when, steps]) => {
    if (when !== 'pre-deploy') {
      warnings.push(`${place}.${when} is not run; only pre-deploy is`)
      return []
    }
    return listOf(steps).flatMap((step, i) => {
      const { run, path } = objectOf(step)
      const command = textOf(run)
      if (command === '') {
        warnings.push(`${place}.${when}[${i}] is not run; only commands are, as \`run: …\` with \`path: …\``)
        return []
      }
      return [{ command, folder: resolve(folder, textOf(path) || '.') }]
    })
  })
}
