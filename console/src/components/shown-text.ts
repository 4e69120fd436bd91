/** Marks that turn the direction of writing: with them a text can be made to read as another one. */
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text that is shown as it is, but for what would make it read otherwise than it is written. */
export const shownText = (text: string): string => text.replaceAll(DIRECTIONS, codeOf)

const codeOf = (mark: string) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`
