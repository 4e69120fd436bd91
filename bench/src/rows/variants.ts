/** The ways in which a platform without stems can start a sandbox here. */
import { findOciPrograms } from '../../../server/src/sandbox/oci-check.ts'
import type { Settings } from '../platform.ts'
import { usePlatform, type RowContext } from './row.ts'

export interface Variant {
  name: string
  settings: Settings
}

export async function variantsWithoutStems(context: RowContext): Promise<Variant[]> {
  const settings = { SLUICE_STEMS: '0' }
  let kind = ''
  await usePlatform(context, settings, async (platform) => {
    kind = await platform.sandboxKind()
  })
  if (kind !== 'oci') return [{ name: 'no stem', settings }]
  return findOciPrograms(process.env['PATH'] ?? '').map(({ name }) => ({
    name: `no stem, ${name}`,
    settings: { ...settings, SLUICE_OCI_RUNTIME: name },
  }))
}
