/**
 * What the object store must do, as tests on a home of blobs. There is one implementation of the index; where the bytes
 * are differs.
 */
import type { MakeBlobs } from '../blobs/contract.ts'
import { durabilityTests } from './contract-durability.ts'
import { eventTests } from './contract-events.ts'
import { bucketTests, listTests } from './contract-lists.ts'
import { objectTests } from './contract-objects.ts'
import { sceneTests } from './contract-scene.ts'
import { uploadTests } from './contract-uploads.ts'
import { versionTests } from './contract-versions.ts'

/** `noSmallDisk`: why there cannot be blobs on a disk of some size, if so. */
export function objectStoreContract(name: string, makeBlobs: MakeBlobs, noSmallDisk: string | undefined): void {
  const sceneTest = sceneTests(name, makeBlobs)
  bucketTests(sceneTest)
  objectTests(sceneTest)
  listTests(sceneTest)
  versionTests(sceneTest)
  uploadTests(sceneTest)
  eventTests(sceneTest)
  durabilityTests(name, makeBlobs, noSmallDisk)
}
