import { SimulatedClock } from '../simulated-clock.ts'
import { messageQueueContract } from './contract.ts'
import { createMemoryQueue } from './memory-for-tests.ts'
import { BASE_MS } from './test-support.ts'

messageQueueContract('in memory', {
  make: async (context, bounds) => {
    const clock = new SimulatedClock(BASE_MS)
    const queue = createMemoryQueue(clock, bounds)
    context.after(() => queue.close())
    return { queue, clock }
  },
})
