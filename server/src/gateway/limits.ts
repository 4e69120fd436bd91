/** Limits of the data plane (Function Compute: invocation and HTTP trigger limits). */

/** Request and response of a synchronous invocation. */
export const PAYLOAD_BYTES_MAX = 32 * 1024 * 1024
/** Of a body that is refused, so much is still read, and for so long, before the answer goes out. */
export const DISCARD_MS_MAX = 10_000
export const DISCARDED_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX
/** All header names and values of a request to an HTTP trigger. */
export const HEADER_BYTES_MAX = 8 * 1024
/** Path and query of a request to an HTTP trigger. */
export const URL_BYTES_MAX = 4 * 1024
/** All header names and values that a function may answer; beyond it 502. */
export const RESPONSE_HEADER_BYTES_MAX = 8 * 1024
/** What node:http reads of a request's head at all. */
export const HEAD_BYTES_MAX = 32 * 1024
/** From the first byte of a request to the end of its headers. */
export const HEADERS_MS_MAX = 15_000
/** From the first byte of a request to the end of its body. */
export const REQUEST_MS_MAX = 300_000
/** An idle connection is kept this long. */
export const KEEP_ALIVE_MS = 65_000
/** Between two looks for connections that are too slow. */
export const CONNECTION_CHECK_MS = 2_000
/** A client that has closed its half of the connection gets an answer that begins within this time. */
export const HALF_CLOSED_MS = 1_000
