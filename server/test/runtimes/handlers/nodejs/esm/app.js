export const handler = (event) => `esm ${event}`
