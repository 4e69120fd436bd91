/** How to attach a debugger to the function, for people and for editors. */
import type { Json } from '../json.ts'

const HOST = '127.0.0.1'

export type DebugLanguage = 'nodejs' | 'python' | 'java'

/** Where the debuggers of these languages listen by custom. */
const PORTS: Record<DebugLanguage, number> = { nodejs: 9229, python: 5678, java: 5005 }

/** Null for a runtime that has no debugger here. */
export function debugLanguage(runtime: string): DebugLanguage | null {
  return (Object.keys(PORTS) as DebugLanguage[]).find((language) => runtime.startsWith(language)) ?? null
}

export const customPort = (language: DebugLanguage) => PORTS[language]

export interface Attach {
  language: DebugLanguage
  port: number
  /** Where the code lies that the user edits, and where the function runs it. */
  localPath: string
  remotePath: string
}

/** The line by which a runtime says that it waits (docs/reference/channel.md): where the code lies that it runs. */
export const WAITING = /^Waiting for a debugger on 127\.0\.0\.1:\d+; the code is in (.*)$/

/** A configuration of VS Code's launch.json; other editors take the same fields. */
export function launchConfiguration({ language, port, localPath, remotePath }: Attach): Json {
  const attach = (type: string) => ({ type, request: 'attach', name: 'sluice' })
  const folders = { localRoot: localPath, remoteRoot: remotePath }
  if (language === 'nodejs') return { ...attach('node'), address: HOST, port, ...folders }
  if (language === 'python') return { ...attach('debugpy'), connect: { host: HOST, port }, pathMappings: [folders] }
  return { ...attach('java'), hostName: HOST, port }
}

export function describeAttach(attach: Attach): string {
  const { language, port } = attach
  const tools: Record<DebugLanguage, string[]> = {
    nodejs: [
      `terminal  node inspect ${HOST}:${port}`,
      `Chrome    chrome://inspect${port === PORTS.nodejs ? '' : `, with ${HOST}:${port} under Configure`}`,
    ],
    python: [],
    java: [`terminal  jdb -connect com.sun.jdi.SocketAttach:hostname=${HOST},port=${port}`],
  }
  return [
    `waiting for a debugger on ${HOST}:${port}; attach with`,
    ...tools[language].map((line) => `  ${line}`),
    `  VS Code   ${JSON.stringify(launchConfiguration(attach))}`,
  ].join('\n')
}
