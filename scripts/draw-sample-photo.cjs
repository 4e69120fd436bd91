/**
 * Draws samples/image-resizer/photo.jpg: a mountain lake at dusk, computed pixel by pixel, so that the sample ships
 * a picture with the detail and noise of a photograph and everyone may use it.
 *
 *   node scripts/draw-sample-photo.cjs
 */
'use strict'

const path = require('node:path')
const folder = path.join(__dirname, '..', 'samples', 'image-resizer')
const sharp = require(path.join(folder, 'node_modules', 'sharp'))

const WIDTH = 1600
const HEIGHT = 1067
const SHORE = 0.62
const SUN = { x: 0.66, y: 0.47 }
const ASPECT = WIDTH / HEIGHT

const mix = (a, b, share) => a + (b - a) * share
const blend = (a, b, share) => a.map((value, i) => mix(value, b[i], share))
const clamp = (value) => Math.min(1, Math.max(0, value))
const smooth = (from, to, value) => {
  const t = clamp((value - from) / (to - from))
  return t * t * (3 - 2 * t)
}

/** A number in [0, 1) that depends on the lattice point only. */
function lattice(x, y) {
  let h = Math.imul(x, 374761393) + Math.imul(y, 668265263)
  h = Math.imul(h ^ (h >>> 13), 1274126177)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

function valueNoise(x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [smooth(0, 1, x - left), smooth(0, 1, y - top)]
  const upper = mix(lattice(left, top), lattice(left + 1, top), u)
  return mix(upper, mix(lattice(left, top + 1), lattice(left + 1, top + 1), u), v)
}

/** Noise at several scales, each half as strong as the one before. */
function fractalNoise(x, y, octaves) {
  let sum = 0
  let strength = 0.5
  for (let i = 0; i < octaves; i++) {
    sum += strength * valueNoise(x * 2 ** i + i * 17, y * 2 ** i + i * 31)
    strength /= 2
  }
  return sum
}

function sky(x, y) {
  const height = y / SHORE
  let colour = blend([0.16, 0.24, 0.45], [0.98, 0.68, 0.42], smooth(0.05, 0.95, height))
  const distance = Math.hypot((x - SUN.x) * ASPECT, y - SUN.y)
  colour = blend(colour, [1, 0.86, 0.62], 0.85 * Math.exp(-distance * 7))
  const cloud = smooth(0.46, 0.72, fractalNoise(x * 3.2 + 4, y * 11 + 2, 6)) * smooth(0.98, 0.35, height)
  const lit = blend([0.42, 0.38, 0.5], [1, 0.74, 0.6], smooth(0.7, 0.05, distance))
  return blend(colour, lit, cloud * 0.8)
}

/** Far to near: height of the crest, its roughness, colour in the haze. */
const RIDGES = [
  { crest: 0.4, reach: 0.2, scale: 3.1, seed: 3, colour: [0.56, 0.47, 0.55] },
  { crest: 0.47, reach: 0.18, scale: 4.3, seed: 11, colour: [0.36, 0.33, 0.45] },
  { crest: 0.54, reach: 0.13, scale: 6.2, seed: 23, colour: [0.19, 0.22, 0.29] },
  { crest: 0.6, reach: 0.05, scale: 9, seed: 37, colour: [0.08, 0.11, 0.12] },
]

function land(x, y) {
  let colour = sky(x, y)
  for (const { crest, reach, scale, seed, colour: base } of RIDGES) {
    const top = crest + reach * (0.5 - fractalNoise(x * scale, seed, 9))
    if (y < top) continue
    const slope = fractalNoise(x * scale * 9, y * 60 + seed, 5)
    const snow = crest < 0.5 ? smooth(0.035, 0, y - top) * smooth(0.42, 0.6, slope) : 0
    const rock = blend(base, [0.95, 0.72, 0.6], 0.35 * (slope - 0.4))
    const haze = 0.3 * smooth(top, SHORE + 0.1, y)
    colour = blend(blend(rock, [0.98, 0.86, 0.82], snow * 0.7), [0.85, 0.62, 0.52], haze)
  }
  return colour
}

function water(x, y) {
  const depth = (y - SHORE) / (1 - SHORE)
  const far = 3 + 60 / (0.06 + depth)
  const ripple = fractalNoise(x * far * 0.5, depth * far * 1.6, 5) - 0.48
  const reflected = land(clamp(x + ripple * 0.02), SHORE - (y - SHORE) * 0.95 - ripple * (0.03 + 0.16 * depth))
  const colour = blend(reflected, [0.05, 0.1, 0.16], 0.22 + 0.4 * depth)
  const glitter = Math.exp(-(((x - SUN.x) * 9) ** 2)) * smooth(0.1, 0.3, ripple) * (1 - depth * 0.5)
  return blend(colour, [1, 0.85, 0.6], glitter * 0.8)
}

function draw() {
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3)
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const [x, y] = [column / WIDTH, row / HEIGHT]
      const colour = y < SHORE ? land(x, y) : water(x, y)
      const corner = 1 - 0.35 * Math.hypot(x - 0.5, y - 0.5) ** 2 * 2
      const grain = (lattice(column, row + 7777) + lattice(column + 999, row) - 1) * 0.022
      const at = (row * WIDTH + column) * 3
      for (let i = 0; i < 3; i++) pixels[at + i] = Math.round(255 * clamp(colour[i] * corner + grain))
    }
  }
  return pixels
}

sharp(draw(), { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
  .blur(0.6)
  .jpeg({ quality: 78, mozjpeg: true })
  .toFile(path.join(folder, 'photo.jpg'))
  .then(({ size }) => process.stdout.write(`photo.jpg: ${WIDTH} x ${HEIGHT}, ${size} bytes\n`))
