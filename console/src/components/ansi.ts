/** Colours that programs print for terminals (SGR sequences), as names of a palette that both themes can show. */

/** An index into the sixteen colours of terminals: 0 to 7 plain, 8 to 15 bright. */
export type AnsiColour = number

export interface AnsiStyle {
  foreground: AnsiColour | null
  background: AnsiColour | null
  isBold: boolean
}

export const PLAIN: AnsiStyle = { foreground: null, background: null, isBold: false }

/** One SGR sequence from its start; what is longer or else is no colour. */
export const SGR_AT = /\x1b\[([\d;:]{0,64})m/y // oxlint-disable-line no-control-regex -- escapes are what it looks for

/**
 * The style after the sequence. Colours and weight are kept; what could hide text (conceal, inverse, blinking) is not.
 * Unknown codes change nothing.
 */
export function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  const codes = parameters.split(/[;:]/).map(Number)
  let next = style
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at]!
    if (code === 38 || code === 48) {
      const { colour, length } = extendedColour(codes, at + 1)
      if (colour !== null) next = code === 38 ? { ...next, foreground: colour } : { ...next, background: colour }
      at += length
    } else next = applyCode(next, code)
  }
  return next
}

function applyCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code === 0) return PLAIN
  if (code === 1) return { ...style, isBold: true }
  if (code === 22) return { ...style, isBold: false }
  if (code === 39) return { ...style, foreground: null }
  if (code === 49) return { ...style, background: null }
  if (code >= 30 && code <= 37) return { ...style, foreground: code - 30 }
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 }
  if (code >= 90 && code <= 97) return { ...style, foreground: code - 90 + 8 }
  if (code >= 100 && code <= 107) return { ...style, background: code - 100 + 8 }
  return style
}

/** `5;n` (256 colours) or `2;r;g;b`: the nearest of the sixteen, because those are legible in both themes. */
function extendedColour(codes: readonly number[], at: number): { colour: AnsiColour | null; length: number } {
  if (codes[at] === 5) return { colour: fromPalette(codes[at + 1]), length: 2 }
  if (codes[at] === 2) return { colour: nearest(codes.slice(at + 1, at + 4)), length: 4 }
  return { colour: null, length: 0 }
}

/** Levels of the 6 × 6 × 6 cube that follows the sixteen colours. */
const CUBE_LEVELS = [0, 95, 135, 175, 215, 255]
const CUBE_START = 16
const GREYS_START = 232

function fromPalette(index: number | undefined): AnsiColour | null {
  if (index === undefined || !Number.isInteger(index) || index < 0 || index > 255) return null
  if (index < CUBE_START) return index
  if (index >= GREYS_START) {
    const level = 8 + 10 * (index - GREYS_START)
    return nearest([level, level, level])
  }
  const inCube = index - CUBE_START
  return nearest([Math.floor(inCube / 36), Math.floor(inCube / 6) % 6, inCube % 6].map((step) => CUBE_LEVELS[step]!))
}

/** Red, green and blue of the sixteen, as most terminals have them. */
const SIXTEEN = [
  [0, 0, 0],
  [205, 0, 0],
  [0, 205, 0],
  [205, 205, 0],
  [0, 0, 238],
  [205, 0, 205],
  [0, 205, 205],
  [229, 229, 229],
  [127, 127, 127],
  [255, 0, 0],
  [0, 255, 0],
  [255, 255, 0],
  [92, 92, 255],
  [255, 0, 255],
  [0, 255, 255],
  [255, 255, 255],
]

function nearest(rgb: readonly number[]): AnsiColour | null {
  if (rgb.length < 3 || rgb.some((level) => !Number.isInteger(level) || level < 0 || level > 255)) return null
  const distances = SIXTEEN.map((colour) => colour.reduce((sum, level, at) => sum + (level - rgb[at]!) ** 2, 0))
  return distances.indexOf(Math.min(...distances))
}
