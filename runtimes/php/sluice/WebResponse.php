<?php
declare(strict_types=1);

namespace Sluice;

/** Answers to HTTP requests of generation 2: a PSR-7 response, whosever class it is. */
final class WebResponse
{
    /**
     * Head and body of RESPONSE. Throws RuntimeFailure.
     *
     * @return array{string, Body}
     */
    public static function translate(mixed $response): array
    {
        if (!self::has($response, 'getStatusCode', 'getHeaders', 'getBody')) {
            $type = get_debug_type($response);
            throw ResponseHead::refuse("the handler has to return a PSR-7 response, not $type");
        }
        $head = ResponseHead::encode($response->getStatusCode(), $response->getHeaders());
        return [$head, self::bodyOf($response->getBody())];
    }

    private static function bodyOf(mixed $body): Body
    {
        if (self::has($body, 'read', 'eof', 'close')) {
            if (self::has($body, 'isSeekable', 'rewind') && $body->isSeekable()) {
                $body->rewind();
            }
            return new StreamBody($body);
        }
        if ($body === null || is_string($body) || $body instanceof \Stringable) {
            return new StringBody((string) $body);
        }
        throw ResponseHead::refuse('the body of a response is a PSR-7 stream, not ' . get_debug_type($body));
    }

    private static function has(mixed $value, string ...$methods): bool
    {
        return is_object($value) && array_diff($methods, get_class_methods($value)) === [];
    }
}
