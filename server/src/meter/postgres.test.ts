import { after, test } from 'node:test'
import { startPostgresForTests, WITHOUT_POSTGRES } from '../metadata/postgres-for-tests.ts'
import { usageStoreContract } from './contract.ts'
import { openUsageHome } from './databases.ts'

const server = await startPostgresForTests()
if (server === undefined) void test('PostgreSQL', { skip: WITHOUT_POSTGRES }, () => {})
else {
  after(() => server.remove())
  usageStoreContract('PostgreSQL', async () => {
    const url = await server.createSchema()
    return { open: () => openUsageHome({ kind: 'postgres', url }), remove: async () => {} }
  })
}
