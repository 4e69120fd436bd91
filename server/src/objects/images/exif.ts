/** EXIF of a picture as `info` tells it: names of the standard, values as text. Reads what is anybody's to write. Pure. */

const EXIF_HEADER = 'Exif\0\0'
const ENTRY_BYTES = 12
const ENTRIES_MAX = 200
const VALUES_MAX = 64

const EXIF_POINTER = 0x8769
const GPS_POINTER = 0x8825

const IMAGE_TAGS: Record<number, string> = {
  0x010e: 'ImageDescription',
  0x010f: 'Make',
  0x0110: 'Model',
  0x0112: 'Orientation',
  0x011a: 'XResolution',
  0x011b: 'YResolution',
  0x0128: 'ResolutionUnit',
  0x0131: 'Software',
  0x0132: 'DateTime',
  0x013b: 'Artist',
  0x0213: 'YCbCrPositioning',
  0x8298: 'Copyright',
  [EXIF_POINTER]: 'ExifTag',
  [GPS_POINTER]: 'GPSTag',
}
const EXIF_TAGS: Record<number, string> = {
  0x829a: 'ExposureTime',
  0x829d: 'FNumber',
  0x8822: 'ExposureProgram',
  0x8827: 'ISOSpeedRatings',
  0x9003: 'DateTimeOriginal',
  0x9004: 'DateTimeDigitized',
  0x9201: 'ShutterSpeedValue',
  0x9202: 'ApertureValue',
  0x9203: 'BrightnessValue',
  0x9204: 'ExposureBiasValue',
  0x9205: 'MaxApertureValue',
  0x9206: 'SubjectDistance',
  0x9207: 'MeteringMode',
  0x9208: 'LightSource',
  0x9209: 'Flash',
  0x920a: 'FocalLength',
  0x9290: 'SubSecTime',
  0x9291: 'SubSecTimeOriginal',
  0x9292: 'SubSecTimeDigitized',
  0xa001: 'ColorSpace',
  0xa002: 'PixelXDimension',
  0xa003: 'PixelYDimension',
  0xa402: 'ExposureMode',
  0xa403: 'WhiteBalance',
  0xa404: 'DigitalZoomRatio',
  0xa405: 'FocalLengthIn35mmFilm',
  0xa406: 'SceneCaptureType',
  0xa433: 'LensMake',
  0xa434: 'LensModel',
}
const GPS_TAGS: Record<number, string> = {
  0x0000: 'GPSVersionID',
  0x0001: 'GPSLatitudeRef',
  0x0002: 'GPSLatitude',
  0x0003: 'GPSLongitudeRef',
  0x0004: 'GPSLongitude',
  0x0005: 'GPSAltitudeRef',
  0x0006: 'GPSAltitude',
  0x0007: 'GPSTimeStamp',
  0x0010: 'GPSImgDirectionRef',
  0x0011: 'GPSImgDirection',
  0x0012: 'GPSMapDatum',
  0x001d: 'GPSDateStamp',
}
const DIRECTIONS: Record<string, string> = { N: 'North', S: 'South', E: 'East', W: 'West' }

/** Bytes of one value of each type of TIFF; types that are not here are left out. */
const TYPE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 9: 4, 10: 8 }
const ASCII = 2

/** By tag; what is broken or of no known tag is left out. */
export function exifFields(exif: Buffer): Record<string, string> {
  const start = exif.toString('latin1', 0, 6) === EXIF_HEADER ? 6 : 0
  const tiff = exif.subarray(start)
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return {}
  const reader = new TiffReader(tiff, order === 'II')
  const image = reader.directory(reader.uint32(4) ?? 0, IMAGE_TAGS)
  const pointed = (name: string, tags: Record<number, string>) =>
    image[name] === undefined ? {} : reader.directory(Number(image[name]), tags)
  return { ...image, ...pointed('ExifTag', EXIF_TAGS), ...gpsWords(pointed('GPSTag', GPS_TAGS)) }
}

function gpsWords(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (name === 'GPSLatitudeRef' || name === 'GPSLongitudeRef') return [name, DIRECTIONS[value] ?? value]
      if (name === 'GPSLatitude' || name === 'GPSLongitude') return [name, degreesText(value)]
      return [name, value]
    }),
  )
}

/** `30/1 15/1 0/1` as `30deg 15' 0"`, parts that are zero left out after the first. */
function degreesText(rationals: string): string {
  const values = rationals.split(' ').map((rational) => {
    const [numerator, denominator] = rational.split('/').map(Number)
    return denominator ? numerator! / denominator : 0
  })
  const units = ['deg ', "' ", '" ']
  return values
    .slice(0, units.length)
    .map((value, i) => (i > 0 && value === 0 ? '' : `${Number(value.toFixed(3))}${units[i]}`))
    .join('')
}

class TiffReader {
  readonly #bytes: Buffer
  readonly #isLittle: boolean

  constructor(bytes: Buffer, isLittle: boolean) {
    this.#bytes = bytes
    this.#isLittle = isLittle
  }

  uint16(at: number): number | undefined {
    if (at + 2 > this.#bytes.length) return undefined
    return this.#isLittle ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at)
  }

  uint32(at: number): number | undefined {
    if (at + 4 > this.#bytes.length) return undefined
    return this.#isLittle ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at)
  }

  directory(at: number, tags: Record<number, string>): Record<string, string> {
    const fields: Record<string, string> = {}
    const count = Math.min(this.uint16(at) ?? 0, ENTRIES_MAX)
    for (let i = 0; i < count; i++) {
      const entry = at + 2 + i * ENTRY_BYTES
      const name = tags[this.uint16(entry) ?? -1]
      const value = name === undefined ? undefined : this.#value(entry)
      if (name !== undefined && value !== undefined) fields[name] = value
    }
    return fields
  }

  #value(entry: number): string | undefined {
    const type = this.uint16(entry + 2) ?? 0
    const count = this.uint32(entry + 4) ?? 0
    const bytes = (TYPE_BYTES[type] ?? 0) * count
    if (bytes === 0) return undefined
    const at = bytes <= 4 ? entry + 8 : (this.uint32(entry + 8) ?? this.#bytes.length)
    if (at + bytes > this.#bytes.length) return undefined
    if (type === ASCII)
      return this.#bytes
        .toString('utf8', at, at + bytes)
        .replace(/\0.*$/s, '')
        .trim()
    if (count > VALUES_MAX) return undefined
    return Array.from({ length: count }, (_, i) => this.#number(type, at + i * TYPE_BYTES[type]!)).join(' ')
  }

  #number(type: number, at: number): string {
    const signed = (value: number) => value | 0
    if (type === 1) return `${this.#bytes[at]!}`
    if (type === 3) return `${this.uint16(at)!}`
    if (type === 4) return `${this.uint32(at)!}`
    if (type === 9) return `${signed(this.uint32(at)!)}`
    const pair = [this.uint32(at)!, this.uint32(at + 4)!]
    return (type === 10 ? pair.map(signed) : pair).join('/')
  }
}
