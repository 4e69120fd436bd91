<?php
declare(strict_types=1);

namespace Sluice;

/** What a handler returned, as bytes. */
final class Results
{
    private const JSON_FLAGS = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION;

    /** Nothing is empty, text is itself, all else is JSON. Throws RuntimeFailure. */
    public static function serialise(mixed $result): string
    {
        if ($result === null) {
            return '';
        }
        if (is_string($result)) {
            return $result;
        }
        try {
            return json_encode($result, self::JSON_FLAGS | JSON_THROW_ON_ERROR);
        } catch (\JsonException $refused) {
            $reason = $refused->getMessage();
            throw new RuntimeFailure('UnserializableResponse', "the result cannot be written as JSON: $reason");
        }
    }

    /** For messages: as much as JSON can tell of any value. */
    public static function looseJson(mixed $value): string
    {
        $flags = self::JSON_FLAGS | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR;
        return (string) json_encode($value, $flags);
    }
}
