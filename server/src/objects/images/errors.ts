/** The refusals that more than one step of image processing makes. */
import { OssError } from '../errors.ts'

/** For what is no picture, or a broken one. */
export function badPicture(reason: string): OssError {
  return new OssError('BadRequest', `This image format is not supported or the picture is damaged: ${reason}`)
}
