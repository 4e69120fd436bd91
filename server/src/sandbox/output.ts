/** Delivers what a process prints, at a bounded rate: a flood fills the pipe and blocks its writer, not the platform. */
import type { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import { OutputBudget } from '../output-budget.ts'

type OnOutput = (stream: 'stdout' | 'stderr', chunk: Buffer) => void

/** Nothing is held here: a chunk goes to `onOutput` at once, and while it is not read it stays in the kernel's pipe. */
export function deliverOutput(streams: { stdout: Readable; stderr: Readable }, onOutput: OnOutput, clock: Clock): void {
  const { stdout, stderr } = streams
  const both = {
    pause: () => [stdout, stderr].forEach((stream) => stream.pause()),
    resume: () => [stdout, stderr].forEach((stream) => stream.resume()),
  }
  const budget = new OutputBudget(both, clock)
  stdout.on('data', (chunk: Buffer) => budget.spend(chunk.length, () => onOutput('stdout', chunk)))
  stderr.on('data', (chunk: Buffer) => budget.spend(chunk.length, () => onOutput('stderr', chunk)))
}
