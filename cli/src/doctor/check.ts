/** One finding of `sluice doctor`. */
export interface Check {
  name: string
  status: 'ok' | 'warn' | 'fail'
  detail: string
  /** What to do, when there is something to do. */
  fix?: string
}

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail })
export const warn = (name: string, detail: string, fix: string): Check => ({ name, status: 'warn', detail, fix })
export const fail = (name: string, detail: string, fix: string): Check => ({ name, status: 'fail', detail, fix })
