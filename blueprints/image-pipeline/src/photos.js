'use strict'

/** Sample photos, drawn: hills under a sky, each with colours and a format of its own. */
const sharp = require('sharp')

const PHOTOS = [
  {
    key: 'lake-at-dusk.jpg',
    width: 1600,
    height: 1067,
    sky: ['#1d3557', '#f4a261'],
    hills: ['#6d597a', '#355070', '#14213d'],
  },
  {
    key: 'morning.png',
    width: 1200,
    height: 800,
    sky: ['#8ecae6', '#fefae0'],
    hills: ['#a3b18a', '#588157', '#344e41'],
  },
  {
    key: 'desert.webp',
    width: 1400,
    height: 700,
    sky: ['#e9c46a', '#fff3d6'],
    hills: ['#e76f51', '#bc4749', '#6a040f'],
  },
  {
    key: 'portrait.jpg',
    width: 900,
    height: 1350,
    sky: ['#03045e', '#90e0ef'],
    hills: ['#48cae4', '#0077b6', '#023e8a'],
  },
  // As a phone stores it: the pixels lie on their side, and a note says so.
  {
    key: 'from-a-phone.jpg',
    width: 1333,
    height: 1000,
    orientation: 6,
    sky: ['#ff99c8', '#fcf6bd'],
    hills: ['#a9def9', '#9d4edd', '#3c096c'],
  },
  { key: 'small.jpg', width: 120, height: 80, sky: ['#dad7cd', '#ffffff'], hills: ['#a3a380', '#6b705c', '#3f4238'] },
]

function hill(width, height, colour, layer) {
  const base = height * (0.5 + 0.15 * layer)
  const top = Array.from({ length: 41 }, (_, i) => {
    const x = i / 40
    const y = base - height * 0.09 * (Math.sin(x * (5 + 2 * layer) + layer * 2) + 0.5 * Math.sin(x * 17 + layer * 5))
    return `${(x * width).toFixed(1)},${y.toFixed(1)}`
  })
  return `<polygon fill="${colour}" points="0,${height} ${top.join(' ')} ${width},${height}"/>`
}

async function draw({ key, width, height, orientation, sky, hills }) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${sky[0]}"/><stop offset="0.7" stop-color="${sky[1]}"/></linearGradient></defs>
    <rect width="${width}" height="${height}" fill="url(#sky)"/>
    <circle cx="${width * 0.7}" cy="${height * 0.36}" r="${height * 0.07}" fill="#fffbe6"/>
    ${hills.map((colour, layer) => hill(width, height, colour, layer)).join('')}</svg>`
  const upright = sharp(Buffer.from(svg)).removeAlpha()
  const turned = orientation ? sharp(await upright.rotate(270).toBuffer()).withMetadata({ orientation }) : upright
  const format = { jpg: 'jpeg' }[key.split('.').at(-1)] ?? key.split('.').at(-1)
  return { key, content: await turned.toFormat(format).toBuffer() }
}

/** A photo whose end was lost on the way. */
async function brokenPhoto() {
  const { content } = await draw(PHOTOS[0])
  return { key: 'broken.jpg', content: content.subarray(0, content.length / 3) }
}

const samplePhotos = () => Promise.all(PHOTOS.map(draw))

module.exports = { samplePhotos, brokenPhoto }
