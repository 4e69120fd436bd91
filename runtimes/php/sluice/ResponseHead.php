<?php
declare(strict_types=1);

namespace Sluice;

/** The head of RESPONSE to an HTTP request, checked so that no handler can break the response apart. */
final class ResponseHead
{
    private const LENGTH_MAX = 65536;
    private const HEADER_NAME = '/^[!#$%&\'*+\-.^_`|~0-9A-Za-z]+$/D';
    private const FORBIDDEN_IN_VALUE = '/[\0\r\n]/';

    /** `$headers`: values by name; a list is a header that occurs more than once. Throws RuntimeFailure. */
    public static function encode(mixed $status, iterable $headers): string
    {
        $code = is_string($status) && ctype_digit($status) ? (int) $status : $status;
        if (!is_int($code) || $code < 200 || $code > 599) {
            throw self::refuse('statusCode ' . Results::looseJson($status) . ' is not a status code, accepted are 200 to 599');
        }
        $flat = [];
        foreach ($headers as $name => $values) {
            foreach (is_array($values) ? $values : [$values] as $value) {
                array_push($flat, (string) $name, self::checked((string) $name, $value));
            }
        }
        // Header values may be bytes of any kind, JSON may not.
        $head = json_encode(['status' => $code, 'headers' => $flat], JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
        if (strlen($head) > self::LENGTH_MAX) {
            throw self::refuse(
                'the headers have ' . strlen($head) . ' characters, at most ' . self::LENGTH_MAX . ' are accepted',
            );
        }
        return $head;
    }

    private static function checked(string $name, mixed $value): string
    {
        if (preg_match(self::HEADER_NAME, $name) !== 1) {
            throw self::refuse('header name ' . Results::looseJson($name) . ' is not a token');
        }
        $text = is_string($value) || $value instanceof \Stringable ? (string) $value : Results::looseJson($value);
        if (preg_match(self::FORBIDDEN_IN_VALUE, $text) === 1) {
            throw self::refuse("the value of header $name holds a line break or NUL");
        }
        return $text;
    }

    public static function refuse(string $reason): RuntimeFailure
    {
        return new RuntimeFailure('BadResponse', "the answer to an HTTP request cannot be sent: $reason");
    }
}
