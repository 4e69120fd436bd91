/** The host as a picture: instances as tiles, grouped by function, whose area is their memory. */

/** As `GET /sluice/v1/instances` answers. */
export interface InstanceView {
  instanceId: string
  functionKey: string
  versionId: string
  qualifier: string
  state: string
  memoryMB: number
  usedMemoryMB: number | null
  cpuQuotaCores: number
  /** Used since this was last asked. */
  cpuCores: number | null
  inFlight: number
  concurrency: number
  provisioned: boolean
  startedMs: number
  idleSinceMs: number | null
}

export interface HostView {
  /** That instances may have together. */
  memoryMB: number
  /** Of it taken: the memory sizes of all instances. */
  usedMB: number
  cpus: number
  instancesMax: number
  sandbox: string
}

export interface StemView {
  kind: string
  waiting: number
  booting: number
}

export interface HostPicture {
  host: HostView
  instances: InstanceView[]
  stems: StemView[]
}

export interface InstanceGroup {
  functionKey: string
  memoryMB: number
  /** Oldest first, so that a tile keeps its place while others come and go. */
  instances: InstanceView[]
}

/** By name, for the same reason. */
export function groupInstances(instances: readonly InstanceView[]): InstanceGroup[] {
  const byFunction = Map.groupBy(instances, ({ functionKey }) => functionKey)
  return [...byFunction]
    .map(([functionKey, members]) => ({
      functionKey,
      memoryMB: sumOf(members, ({ memoryMB }) => memoryMB),
      instances: members.toSorted((a, b) => a.startedMs - b.startedMs || a.instanceId.localeCompare(b.instanceId)),
    }))
    .sort((a, b) => a.functionKey.localeCompare(b.functionKey))
}

function sumOf<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0)
}

const SIDE_MIN = 24
const SIDE_MAX = 112
/** Side of a tile of 512 MB where there is room for it. */
const SIDE_OF_512_MB = 56
/** So many of those are shown at that size; more become smaller, as long as they can be pointed at. */
const ROOM = 60

/** The side of a tile in px: its area is its memory, within what can be seen and touched. */
export function tileSide(memoryMB: number, totalMemoryMB: number): number {
  const crowd = Math.max(1, totalMemoryMB / (ROOM * 512))
  const side = SIDE_OF_512_MB * Math.sqrt(memoryMB / 512 / crowd)
  return Math.round(Math.min(SIDE_MAX, Math.max(SIDE_MIN, side)))
}

/** How full a tile is, 0 to 1; null when nothing is known. */
export function fillOf({ usedMemoryMB, memoryMB }: Pick<InstanceView, 'usedMemoryMB' | 'memoryMB'>): number | null {
  if (usedMemoryMB === null || memoryMB <= 0) return null
  return Math.min(1, Math.max(0, usedMemoryMB / memoryMB))
}

/** Colours of the picture; other states are `other`. */
export type TileLook = 'busy' | 'ready' | 'frozen' | 'starting' | 'ending' | 'other'

const LOOKS: Record<string, TileLook> = {
  starting: 'starting',
  initializing: 'starting',
  ready: 'ready',
  freezing: 'ready',
  busy: 'busy',
  frozen: 'frozen',
  draining: 'ending',
  gone: 'ending',
}

export const lookOf = (state: string): TileLook => (Object.hasOwn(LOOKS, state) ? LOOKS[state]! : 'other')

export interface HostShare {
  functionKey: string
  share: number
}

/** Shares of the host's memory that functions have been given, largest first; what is beyond so many is one of `''`. */
export function hostShares(groups: readonly InstanceGroup[], hostMemoryMB: number, sharesMax: number): HostShare[] {
  if (hostMemoryMB <= 0) return []
  const shares = groups
    .map(({ functionKey, memoryMB }) => ({ functionKey, share: memoryMB / hostMemoryMB }))
    .sort((a, b) => b.share - a.share)
  if (shares.length <= sharesMax) return shares
  const rest = shares.slice(sharesMax - 1)
  return [...shares.slice(0, sharesMax - 1), { functionKey: '', share: sumOf(rest, ({ share }) => share) }]
}
