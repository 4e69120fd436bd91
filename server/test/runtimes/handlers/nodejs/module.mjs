import { setTimeout as delay } from 'node:timers/promises'

await delay(1)
export const handler = async (event) => `module ${event}`
export default { inDefault: () => 'in default' }
