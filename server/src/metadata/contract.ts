/** What every metadata store must do: the promises of the port as tests, to be run on each database. */
import { commitContract } from './contract/commits.ts'
import { listContract } from './contract/lists.ts'
import { sharedWatchContract } from './contract/shared-watches.ts'
import { contractTest } from './contract/support.ts'
import type { MakeDatabase } from './contract/support.ts'
import { watchContract } from './contract/watches.ts'

export type { MakeDatabase, Query, TestDatabase } from './contract/support.ts'

/** `make` gives each test a database of its own. */
export function metadataStoreContract(name: string, make: MakeDatabase): void {
  const test = contractTest(name, make)
  commitContract(test)
  listContract(test)
  watchContract(test)
  sharedWatchContract(test)
}
