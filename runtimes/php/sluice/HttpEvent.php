<?php
declare(strict_types=1);

namespace Sluice;

/** HTTP requests of generation 3: the request as a JSON event, the answer `{statusCode, headers, body, isBase64Encoded}`. */
final class HttpEvent
{
    private const JSON_HEAD = '{"status":200,"headers":["Content-Type","application/json"]}';

    /** The event as handlers get it: text of JSON. */
    public static function build(array $head, string $body, string $accountId): string
    {
        $headers = [];
        for ($i = 0; $i < count($head['headers']); $i += 2) {
            self::append($headers, ucwords(strtolower($head['headers'][$i]), '-'), $head['headers'][$i + 1]);
        }
        $queryParameters = [];
        foreach (Query::pairs($head['query']) as [$name, $value]) {
            self::append($queryParameters, $name, $value);
        }
        $isText = preg_match('//u', $body) === 1;
        $now = new \DateTimeImmutable('now', new \DateTimeZone('UTC'));
        $event = [
            'version' => 'v1',
            'rawPath' => $head['rawPath'],
            'headers' => (object) $headers,
            'queryParameters' => (object) $queryParameters,
            'body' => $isText ? $body : base64_encode($body),
            'isBase64Encoded' => !$isText,
            'requestContext' => [
                'accountId' => $accountId,
                'domainName' => $head['domainName'],
                'domainPrefix' => explode('.', $head['domainName'], 2)[0],
                'requestId' => $head['requestId'],
                'time' => $now->format('Y-m-d\TH:i:s.v\Z'),
                'timeEpoch' => $now->format('Uv'),
                'triggerId' => $head['triggerId'],
                'http' => [
                    'method' => $head['method'],
                    'path' => $head['path'],
                    'protocol' => $head['protocol'],
                    'sourceIp' => $head['clientIp'],
                    'userAgent' => $headers['User-Agent'] ?? '',
                ],
            ],
        ];
        return json_encode($event, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
    }

    private static function append(array &$target, string $name, string $value): void
    {
        $target[$name] = isset($target[$name]) ? "$target[$name],$value" : $value;
    }

    /**
     * What the handler returned, as head and body of RESPONSE. Throws RuntimeFailure.
     *
     * @return array{string, string}
     */
    public static function translate(mixed $result): array
    {
        $answer = self::asHttpAnswer($result);
        if ($answer === null) {
            return [self::JSON_HEAD, Results::serialise($result)];
        }
        $headers = $answer['headers'] ?? [];
        if (!is_array($headers) && !is_object($headers)) {
            throw ResponseHead::refuse('headers is no object of names and values');
        }
        $head = ResponseHead::encode($answer['statusCode'], (array) $headers);
        $body = $answer['body'] ?? null;
        if (($answer['isBase64Encoded'] ?? false) !== true || !is_string($body)) {
            return [$head, Results::serialise($body)];
        }
        $bytes = base64_decode($body, true);
        return [$head, $bytes === false ? throw ResponseHead::refuse('body is not base64') : $bytes];
    }

    /** An array or object with a statusCode, also when the handler has already written it as JSON; else null. */
    private static function asHttpAnswer(mixed $result): ?array
    {
        if (is_string($result)) {
            $result = str_contains($result, '"statusCode"') ? json_decode($result, true) : null;
        } elseif ($result instanceof \stdClass) {
            $result = (array) $result;
        }
        return is_array($result) && isset($result['statusCode']) ? $result : null;
    }
}

/** The text after the question mark. */
final class Query
{
    /**
     * Names and values, decoded, in their order.
     *
     * @return iterable<array{string, string}>
     */
    public static function pairs(string $query): iterable
    {
        foreach (explode('&', $query) as $pair) {
            if ($pair !== '') {
                [$name, $value] = explode('=', $pair, 2) + [1 => ''];
                yield [urldecode($name), urldecode($value)];
            }
        }
    }
}
