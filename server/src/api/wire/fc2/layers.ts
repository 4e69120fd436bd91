/** Layers in versions 2016-08-15 and 2021-04-06. */
import type { Context } from '../../operations/context.ts'
import { layerArn } from '../../operations/layers.ts'
import type { LayerVersion } from '../../operations/layers.ts'
import type { Route } from '../../route.ts'
import { layerAnswer, layerRoutes as routes } from '../layers.ts'

export function layerRoutes(context: Context): Route[] {
  const answer = (found: LayerVersion) => {
    const arn = layerArn(context, found.version)
    return { ...layerAnswer(context, found), arn, arnV2: arn, acl: found.layer.isPublic ? 1 : 0 }
  }
  // The client of 2021 reads the size in this spelling here, and in the other one everywhere else.
  const created = (found: LayerVersion) => ({ ...answer(found), codesize: found.version.code.sizeBytes })
  return routes(context, { answer, created })
}
