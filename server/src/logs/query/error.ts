import { FcError } from '../../errors.ts'

/** A query that cannot be read: says what was expected, and where. */
export class QueryError extends FcError {
  /** In the text of the query, in UTF-16 units from 0. */
  readonly position: number

  constructor(message: string, position: number) {
    super('InvalidArgument', `query: ${message} (at ${position})`, {}, { Position: position })
    this.name = 'QueryError'
    this.position = position
  }
}
