/** What the API needs of the live instances of this platform. */
import type { InstanceInfo, Instances } from '../instances/port.ts'

export interface InstanceControl extends Pick<Instances, 'provisionStatus' | 'exec'> {
  list(): readonly InstanceInfo[]
}
