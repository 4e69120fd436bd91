/** Settings of scaling, from the words they are written in to what the scheduler and the instances need. */
export { policyOf, readSchedule, readTime } from './policy.ts'
