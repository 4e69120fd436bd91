/** Limits of programs that people run inside instances. */

/** At the same time, on this platform. */
export const SESSIONS_MAX = 64
/** One frame of a client. */
export const FRAME_BYTES_MAX = 1024 * 1024
/** Output that a client has not taken yet; beyond it the program waits, below half of it goes on. */
export const BUFFERED_BYTES_MAX = 256 * 1024
/** Between two pings; a client that says nothing from one to the next is gone. */
export const PING_MS = 15_000
/** For clients to answer the close of their connections when the platform stops. */
export const CLOSE_MS = 5_000
export const IDLE_SECONDS_DEFAULT = 120
export const IDLE_SECONDS_MAX = 3_600
export const COMMAND_WORDS_MAX = 100
export const TERMINAL_SIDE_MAX = 1_000
