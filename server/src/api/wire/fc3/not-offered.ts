/** Documented operations of version 2023-03-30 that this version answers with NotImplemented. */
import { notOffered } from '../../route.ts'

const FUNCTION = '/functions/:functionName'

export const fc3NotOffered = notOffered([
  ['PutAsyncInvokeConfig', 'PUT', `${FUNCTION}/async-invoke-config`],
  ['DeleteAsyncInvokeConfig', 'DELETE', `${FUNCTION}/async-invoke-config`],
  ['ListAsyncTasks', 'GET', `${FUNCTION}/async-tasks`],
  ['GetAsyncTask', 'GET', `${FUNCTION}/async-tasks/:taskId`],
  ['StopAsyncTask', 'PUT', `${FUNCTION}/async-tasks/:taskId/stop`],
  ['CreateSession', 'POST', `${FUNCTION}/sessions`],
  ['ListSessions', 'GET', `${FUNCTION}/sessions`],
  ['GetSession', 'GET', `${FUNCTION}/sessions/:sessionId`],
  ['UpdateSession', 'PUT', `${FUNCTION}/sessions/:sessionId`],
  ['DeleteSession', 'DELETE', `${FUNCTION}/sessions/:sessionId`],
  ['PauseSession', 'PUT', `${FUNCTION}/sessions/:sessionId/pause`],
  ['ResumeSession', 'PUT', `${FUNCTION}/sessions/:sessionId/resume`],
  ['CreateVpcBinding', 'POST', `${FUNCTION}/vpc-bindings`],
  ['DeleteVpcBinding', 'DELETE', `${FUNCTION}/vpc-bindings/:vpcId`],
  ['CreateLayerVersion', 'POST', '/layers/:layerName/versions'],
  ['ListLayerVersions', 'GET', '/layers/:layerName/versions'],
  ['GetLayerVersion', 'GET', '/layers/:layerName/versions/:version'],
  ['DeleteLayerVersion', 'DELETE', '/layers/:layerName/versions/:version'],
  ['GetLayerVersionByArn', 'GET', '/layerarn/:arn'],
  ['ListLayers', 'GET', '/layers'],
  ['PutLayerACL', 'PUT', '/layers/:layerName/acl'],
  ['ChangeResourceGroup', 'PUT', '/resource-groups'],
])
