import { readPackage, type PackageFile } from '../../../package/zip.ts'

/** Asks for a file and reads it; undefined when none was chosen. Rejects for what is no zip. */
export async function readChosenZip(): Promise<PackageFile[] | undefined> {
  const file = await chooseFile('.zip,.jar,application/zip')
  return file && readPackage(new Uint8Array(await file.arrayBuffer()))
}

function chooseFile(accept: string): Promise<File | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.accept = accept
    input.addEventListener('change', () => resolve(input.files?.[0]))
    input.addEventListener('cancel', () => resolve(undefined))
    input.click()
  })
}
