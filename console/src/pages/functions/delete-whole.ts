import { api } from '../../api/client.ts'
import { functionPath, listAll, splitKey } from '../../api/functions.ts'

/** The platform deletes a function when nothing hangs on it any more: triggers, and of a 3.0 function aliases and versions. */
export async function deleteWhole(key: string): Promise<void> {
  const path = functionPath(key)
  await deleteBelow(`${path}/triggers`, 'triggers', 'triggerName')
  if (splitKey(key).service === null) {
    await deleteBelow(`${path}/aliases`, 'aliases', 'aliasName')
    await deleteBelow(`${path}/versions`, 'versions', 'versionId')
  }
  await api(path, { method: 'DELETE' })
}

async function deleteBelow(path: string, member: string, nameMember: string): Promise<void> {
  for (const item of await listAll<Record<string, string>>(path, member)) {
    await api(`${path}/${encodeURIComponent(item[nameMember]!)}`, { method: 'DELETE' })
  }
}
