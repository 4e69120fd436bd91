import { promisify } from 'node:util'

// timers/promises is younger than the oldest Node.js that functions run on.
const delay = promisify(setTimeout)

await delay(1)
export const handler = async (event) => `module ${event}`
export default { inDefault: () => 'in default' }
