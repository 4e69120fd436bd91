/** What OSS documents of pictures, and bounds of our own where it is silent. */

export const SOURCE_BYTES_MAX = 20 * 1024 * 1024
export const SOURCE_SIDE_MAX = 30_000
/** Width × height × frames. */
export const SOURCE_PIXELS_MAX = 250_000_000
export const ROTATED_SIDE_MAX = 4096

export const RESULT_SIDE_MAX = 16_384
export const RESULT_PIXELS_MAX = 16_777_216

/** Ours: a picture between two operations lies in memory, four bytes a pixel. */
export const WORKING_PIXELS_MAX = 128 * 1024 * 1024
/** Ours: operations of one request. */
export const OPERATIONS_MAX = 50

export const IMAGE_WATERMARKS_MAX = 3
export const WATERMARK_TEXT_LENGTH_MAX = 64
/** Ours: characters × size, about the width of the text. */
export const WATERMARK_TEXT_WIDTH_MAX = RESULT_SIDE_MAX

export const STYLES_PER_BUCKET_MAX = 50
