/** Bounds of the console's sessions, and of the tickets that open them. */

/** Without a request a session ends after this time, */
export const SESSION_IDLE_MS = 30 * 60_000
/** and after this time whatever was asked. */
export const SESSION_MS_MAX = 12 * 60 * 60_000
/** With one more, the session that was used least lately ends. */
export const SESSIONS_MAX = 100
/** A ticket is good for so long, */
export const TICKET_MS = 5 * 60_000
/** and with one more than these the oldest is no longer. */
export const TICKETS_MAX = 100
/** Of sessions and tickets; what guesses a token guesses the key pair sooner. */
export const TOKEN_BYTES = 32
/** Cookies of our name that are looked at: another site under the same domain may have added some. */
export const COOKIES_MAX = 64
/** Sign-ins that failed, from one address and from all, until they are refused for the rest of the time. */
export const FAILURES_PER_ADDRESS_MAX = 10
export const FAILURES_MAX = 200
export const FAILURES_MS = 60_000
export const SIGN_IN_BYTES_MAX = 4 * 1024
