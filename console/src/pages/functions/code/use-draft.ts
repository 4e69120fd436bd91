import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api } from '../../../api/client.ts'
import type { ApiError } from '../../../api/errors.ts'
import { apiKey } from '../../../api/use-api.ts'
import { FC3, functionPath, itemOf, type FunctionAnswer, type FunctionItem } from '../../../api/functions.ts'
import { EDITABLE_BYTES_MAX, fetchPackage, zipFileOf } from '../../../package/package.ts'
import type { PackageFile } from '../../../package/zip.ts'
import { useStore } from '../../../store.ts'
import { draftOf, drafts, keepDraft, type Draft } from './draft.ts'

/** The draft of a function: what was edited, else its deployed package. */
export function useDraft(item: FunctionItem) {
  const kept = useStore(drafts).get(item.key)
  const isKeptCurrent =
    kept !== undefined && (kept.isChanged || [kept.checksum, kept.replaced].includes(item.codeChecksum))
  const isEditable = item.codeSize > 0 && item.codeSize <= EDITABLE_BYTES_MAX
  const deployed = useQuery<Draft, ApiError>({
    queryKey: ['package', item.key, item.codeChecksum],
    queryFn: async ({ signal }) => {
      const { files, checksum } = await fetchPackage(item.key, signal)
      return draftOf(files, checksum, item.handler)
    },
    enabled: isEditable && !isKeptCurrent,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return {
    draft: isKeptCurrent ? kept : deployed.data,
    error: deployed.error,
    isEditable,
    retry: () => void deployed.refetch(),
  }
}

export class CodeConflict extends Error {}

/** Deploys files as the function's code. Rejects with CodeConflict when the function's code is not what `checksum` says. */
export function useDeploy(item: FunctionItem) {
  const client = useQueryClient()
  return useMutation<void, Error, { files: readonly PackageFile[]; checksum: string | null }>({
    mutationFn: async ({ files, checksum }) => {
      const path = functionPath(item.key)
      if (checksum !== null) {
        const { codeChecksum } = await api<{ codeChecksum: string }>(path)
        if (codeChecksum !== checksum) throw new CodeConflict()
      }
      const json = { code: { zipFile: zipFileOf(files) } }
      const after = itemOf(await api<FunctionAnswer>(path, { method: 'PUT', json }))
      const open = drafts.get().get(item.key)?.open ?? null
      const begun = draftOf(files, after.codeChecksum, item.handler)
      client.setQueryData(apiKey(path), after)
      keepDraft(item.key, { ...begun, open: open ?? begun.open, replaced: item.codeChecksum })
      await client.invalidateQueries({ queryKey: apiKey(`${FC3}/functions`) })
    },
  })
}
