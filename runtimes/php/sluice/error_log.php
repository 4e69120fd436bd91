<?php
/**
 * PHP's own `error_log` writes past the channel, to the pipe. The command that starts this runtime disables it, and a disabled
 * function may be defined anew.
 */
declare(strict_types=1);

if (!function_exists('error_log')) {
    function error_log(
        string $message,
        int $message_type = 0,
        ?string $destination = null,
        ?string $additional_headers = null,
    ): bool {
        return match ($message_type) {
            0, 4 => fwrite(STDERR, "$message\n") !== false,
            1 => mail((string) $destination, 'PHP error_log message', $message, (string) $additional_headers),
            3 => file_put_contents((string) $destination, $message, FILE_APPEND) !== false,
            default => false,
        };
    }
}
