<?php
declare(strict_types=1);

namespace Sluice;

use Psr\Http\Message\ServerRequestInterface;
use RingCentral\Psr7\ServerRequest;

/** HTTP requests of generation 2: a PSR-7 request with the attributes of Function Compute. */
final class WebRequest
{
    /** `$awaitFrame` returns when another frame has been taken from the channel. */
    public static function build(Invocation $invocation, \Closure $awaitFrame): ServerRequestInterface
    {
        $head = $invocation->head;
        [$headers, $lines] = self::headers($head['headers']);
        $request = new ServerRequest(
            $head['method'],
            self::uri($lines['host'] ?? $head['domainName'], $head['rawPath'], $head['query']),
            $headers,
            new RequestBody($invocation, $awaitFrame),
            substr($head['protocol'], strlen('HTTP/')),
            ['REMOTE_ADDR' => $head['clientIp'], 'REQUEST_METHOD' => $head['method'], 'REQUEST_URI' => $head['url']],
        );
        $queries = self::queries($head['query']);
        return $request
            ->withQueryParams($queries)
            ->withCookieParams(self::cookies($lines['cookie'] ?? ''))
            ->withAttribute('requestURI', $head['url'])
            ->withAttribute('path', $head['path'])
            ->withAttribute('queries', $queries)
            ->withAttribute('clientIP', $head['clientIp']);
    }

    /** A Host header may hold what is none. */
    private static function uri(string $host, string $path, string $query): string
    {
        $origin = parse_url("http://$host/") === false ? 'http://localhost' : "http://$host";
        return $origin . $path . ($query === '' ? '' : "?$query");
    }

    /**
     * Values by name as it was spelt first, and the first value by name in lower case.
     *
     * @return array{array<string, string[]>, array<string, string>}
     */
    private static function headers(array $flat): array
    {
        $headers = $spelling = $lines = [];
        for ($i = 0; $i < count($flat); $i += 2) {
            $key = strtolower($flat[$i]);
            $spelling[$key] ??= $flat[$i];
            $headers[$spelling[$key]][] = $flat[$i + 1];
            $lines[$key] ??= $flat[$i + 1];
        }
        return [$headers, $lines];
    }

    /** A name that occurs once has a string, one that occurs more often a list. */
    private static function queries(string $query): array
    {
        $values = [];
        foreach (Query::pairs($query) as [$name, $value]) {
            $values[$name][] = $value;
        }
        return array_map(fn (array $list) => count($list) === 1 ? $list[0] : $list, $values);
    }

    private static function cookies(string $header): array
    {
        $cookies = [];
        foreach (explode(';', $header) as $pair) {
            [$name, $value] = explode('=', trim($pair), 2) + [1 => null];
            if ($value !== null) {
                $cookies[$name] ??= urldecode($value);
            }
        }
        return $cookies;
    }
}
