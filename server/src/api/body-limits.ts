/** How large bodies may be, and from what size on a worker thread reads them. */
export const BODY_BYTES_MAX = 1024 * 1024
/** Of a call that may carry a code package: 100 MB of zip in base64, and the rest of the request. */
export const CODE_BODY_BYTES_MAX = 150 * 1024 * 1024
/** Of a body that is too large, so much more is read, to be dropped. */
export const DROPPED_BYTES_MAX = CODE_BODY_BYTES_MAX
/** Larger bodies are read by a worker thread; these take the event loop a millisecond or two. */
export const INLINE_BODY_BYTES_MAX = 512 * 1024
/** Of all bodies that the worker thread reads or is about to. */
export const WAITING_BODY_BYTES_MAX = 1024 * 1024 * 1024
