/** No path can be made of it: no slash, no leading dot. */
const BLOB_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/

/** Throws when an id cannot be one, which is a defect of the caller. */
export function checkBlobId(id: string): void {
  if (!BLOB_ID.test(id)) {
    throw new Error(`'${id}' is no blob id: 1 to 200 letters, digits, dots, dashes and underscores, no dot first`)
  }
}
