/** Layers in version 2023-03-30. */
import type { Context } from '../../operations/context.ts'
import { layerArn } from '../../operations/layers.ts'
import type { LayerVersion } from '../../operations/layers.ts'
import type { Route } from '../../route.ts'
import { layerAnswer, layerRoutes as routes } from '../layers.ts'

export function layerRoutes(context: Context): Route[] {
  const answer = (found: LayerVersion) => ({
    ...layerAnswer(context, found),
    layerVersionArn: layerArn(context, found.version),
    acl: found.layer.isPublic ? '1' : '0',
  })
  return routes(context, { answer, created: answer })
}
