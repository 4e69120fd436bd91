/** Pixels in memory, row by row, and what is done to them directly. */

export interface Raster {
  data: Buffer
  width: number
  /** Of all frames together, one below the other. */
  height: number
  /** RGB, or RGB and alpha. */
  channels: 3 | 4
  frames: number
}

/** Makes what lies outside of rounded corners transparent; edges are smoothed over one pixel. */
export function roundCorners({ data, width, height }: Raster, radius: number): void {
  const reach = Math.ceil(radius)
  for (let y = 0; y < height; y++) {
    if (y >= reach && y < height - reach) continue
    const dy = distanceIn(y, height, radius)
    for (let x = 0; x < width; x++) {
      if (x >= reach && x < width - reach) continue
      const dx = distanceIn(x, width, radius)
      if (dx <= 0 || dy <= 0) continue
      const coverage = Math.min(1, Math.max(0, radius - Math.hypot(dx, dy) + 0.5))
      const alpha = (y * width + x) * 4 + 3
      data[alpha] = Math.round(data[alpha]! * coverage)
    }
  }
}

/** How far the middle of a pixel lies beyond the centre of the nearest corner's circle; not positive: within. */
function distanceIn(position: number, length: number, radius: number): number {
  const centre = position + 0.5
  return Math.max(radius - centre, centre - (length - radius))
}

/** Multiplies alpha. */
export function fade({ data }: Raster, opacityPercent: number): void {
  if (opacityPercent === 100) return
  for (let i = 3; i < data.length; i += 4) data[i] = Math.round((data[i]! * opacityPercent) / 100)
}

/** The part of an overlay that lies on a picture of that size, and where; undefined: none does. */
export function visiblePart(
  overlay: { width: number; height: number },
  place: { left: number; top: number },
  picture: { width: number; height: number },
): { cut: { left: number; top: number; width: number; height: number }; left: number; top: number } | undefined {
  const left = Math.max(0, place.left)
  const top = Math.max(0, place.top)
  const width = Math.min(place.left + overlay.width, picture.width) - left
  const height = Math.min(place.top + overlay.height, picture.height) - top
  if (width <= 0 || height <= 0) return undefined
  return { cut: { left: left - place.left, top: top - place.top, width, height }, left, top }
}
