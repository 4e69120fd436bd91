/** What an image may be; Function Compute documents its size, the others bound what unpacking costs. */
export interface ImageLimits {
  /** All layers together, as they are stored. */
  imageBytesMax: number
  layersMax: number
  /** All files of all layers together, also those that a later layer replaces. */
  unpackedBytesMax: number
  entriesMax: number
  /** Of the image's documents: manifest and configuration. */
  documentBytesMax: number
  /** For copying an image, and again for unpacking it. */
  programMsMax: number
}

const GB = 1024 * 1024 * 1024

export const imageLimits: ImageLimits = {
  imageBytesMax: 10 * GB,
  layersMax: 127,
  unpackedBytesMax: 20 * GB,
  entriesMax: 1_000_000,
  documentBytesMax: 4 * 1024 * 1024,
  programMsMax: 10 * 60 * 1000,
}

/** User and group ids of an image's files; instances are given so many. */
export const OWNERS_MAX = 65_536

/** The image breaks a rule; the message is meant for the person who named it. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
}

export function gigabytes(sizeBytes: number): string {
  return `${Math.round((sizeBytes / GB) * 100) / 100} GB`
}
