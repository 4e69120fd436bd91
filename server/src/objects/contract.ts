/**
 * What the object store must do, as tests on a home of blobs. There is one implementation of the index; where the bytes
 * are differs.
 */
import type { MakeBlobs } from '../blobs/contract.ts'
import { objectTests } from './contract-objects.ts'
import { sceneTests } from './contract-scene.ts'

export function objectStoreContract(name: string, makeBlobs: MakeBlobs): void {
  const sceneTest = sceneTests(name, makeBlobs)
  objectTests(sceneTest)
}
