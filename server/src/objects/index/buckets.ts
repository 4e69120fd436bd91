/** Buckets and what they hold together. */
import { OssError } from '../errors.ts'
import { objectLimits } from '../limits.ts'
import type { Bucket, BucketAcl, BucketChange } from '../port.ts'
import type { Statements } from './database.ts'

export interface StoredBucket {
  id: number
  bucket: Bucket
}

export class Buckets {
  readonly #statements: Statements

  constructor(statements: Statements) {
    this.#statements = statements
  }

  all(): Bucket[] {
    const rows = this.#statements.all<{ document: string }>('SELECT document FROM buckets ORDER BY name')
    return rows.map(({ document }) => JSON.parse(document) as Bucket)
  }

  /** Rejects with NoSuchBucket. */
  get(name: string): StoredBucket {
    const [row] = this.#statements.all<{ id: number; document: string }>(
      'SELECT id, document FROM buckets WHERE name = ?',
      name,
    )
    if (row === undefined) throw noSuchBucket(name)
    return { id: row.id, bucket: JSON.parse(row.document) as Bucket }
  }

  create(ask: { name: string; acl: BucketAcl; storageClass: string; nowMs: number }): Bucket {
    const { name, acl, storageClass, nowMs } = ask
    if (this.#statements.exists('SELECT 1 FROM buckets WHERE name = ?', name)) {
      throw new OssError('BucketAlreadyExists', `the bucket '${name}' exists already`, { BucketName: name })
    }
    const count = this.all().length
    if (count >= objectLimits.bucketsMax) {
      throw new OssError(
        'TooManyBuckets',
        `there are ${count} buckets; at most ${objectLimits.bucketsMax} are accepted`,
      )
    }
    const bucket: Bucket = { name, createdMs: nowMs, acl, storageClass, versioning: null, settings: {} }
    this.#statements.run('INSERT INTO buckets (name, document) VALUES (?, ?)', name, JSON.stringify(bucket))
    return bucket
  }

  change(name: string, { acl, versioning, settings = {} }: BucketChange): Bucket {
    const { bucket } = this.get(name)
    const merged = Object.entries({ ...bucket.settings, ...settings }).filter(([, value]) => value !== null)
    const changed: Bucket = {
      ...bucket,
      acl: acl ?? bucket.acl,
      versioning: versioning ?? bucket.versioning,
      settings: Object.fromEntries(merged),
    }
    this.#statements.run('UPDATE buckets SET document = ? WHERE name = ?', JSON.stringify(changed), name)
    return changed
  }

  remove(name: string): void {
    const { id } = this.get(name)
    const isUsed = ['versions', 'uploads'].some((table) =>
      this.#statements.exists(`SELECT 1 FROM ${table} WHERE bucket = ? LIMIT 1`, id),
    )
    if (isUsed) {
      throw new OssError('BucketNotEmpty', `the bucket '${name}' has objects, versions or uploads`, {
        BucketName: name,
      })
    }
    this.#statements.run('DELETE FROM buckets WHERE id = ?', id)
  }

  usage(name: string): { bytes: number; objects: number; uploads: number } {
    const { id } = this.get(name)
    const [usage] = this.#statements.all<{ bytes: number; objects: number; uploads: number }>(
      `SELECT bytes, objects, (SELECT count(*) FROM uploads WHERE bucket = ?1) AS uploads FROM buckets WHERE id = ?1`,
      id,
    )
    return usage!
  }

  count(id: number, objects: number, bytes: number): void {
    this.#statements.run('UPDATE buckets SET objects = objects + ?, bytes = bytes + ? WHERE id = ?', objects, bytes, id)
  }
}

export function noSuchBucket(name: string): OssError {
  return new OssError('NoSuchBucket', 'The specified bucket does not exist.', { BucketName: name })
}
