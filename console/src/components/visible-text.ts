/**
 * What a program printed, safe to be shown: nothing in it moves the cursor, colours, hides or reorders what stands around
 * it. Escape sequences of terminals are left out; other control characters and marks that turn the direction of writing
 * are shown as what they are.
 */

const SHOWN_MAX = 20_000
// oxlint-disable-next-line no-control-regex
const TERMINAL_SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** `max`: UTF-16 units that are shown; of longer texts the end is told as a number. */
export function visibleText(text: string, max = SHOWN_MAX): string {
  const rest = text.length - max
  const shown = rest > 0 ? text.slice(0, max) : text
  const safe = shown
    .replaceAll(TERMINAL_SEQUENCES, '')
    .replaceAll(CONTROLS, pictureOf)
    .replaceAll(DIRECTIONS, (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`)
  return rest > 0 ? `${safe} … (+${rest})` : safe
}

/** Unicode has a picture for each of the first 32 and for delete. */
function pictureOf(control: string): string {
  const code = control.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '�'
}
