/** Documented operations of version 2023-03-30 that this version answers with NotImplemented. */
import { notOffered } from '../../route.ts'

const FUNCTION = '/functions/:functionName'

export const fc3NotOffered = notOffered([
  ['CreateSession', 'POST', `${FUNCTION}/sessions`],
  ['ListSessions', 'GET', `${FUNCTION}/sessions`],
  ['GetSession', 'GET', `${FUNCTION}/sessions/:sessionId`],
  ['UpdateSession', 'PUT', `${FUNCTION}/sessions/:sessionId`],
  ['DeleteSession', 'DELETE', `${FUNCTION}/sessions/:sessionId`],
  ['PauseSession', 'PUT', `${FUNCTION}/sessions/:sessionId/pause`],
  ['ResumeSession', 'PUT', `${FUNCTION}/sessions/:sessionId/resume`],
  ['CreateVpcBinding', 'POST', `${FUNCTION}/vpc-bindings`],
  ['DeleteVpcBinding', 'DELETE', `${FUNCTION}/vpc-bindings/:vpcId`],
  ['ChangeResourceGroup', 'PUT', '/resource-groups'],
])
