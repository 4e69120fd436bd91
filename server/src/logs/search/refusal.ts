/** Of a search that asks for too much: says what to change. It is the query's fault, not the thread's. */
export class SearchRefusal extends Error {}
