/** Of services, functions and aliases, as the platform accepts them. */
export const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(text) && text !== 'LATEST'
