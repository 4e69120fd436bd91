<?php

use RingCentral\Psr7\Response;

class SourceBroke extends Exception
{
}

function hello($request, $context): Response
{
    $text = "hello {$request->getMethod()} {$request->getAttribute('path')} {$context['requestId']}";
    return new Response(201, ['X-Name' => 'a', 'Set-Cookie' => ['a=1', 'b=2']], $text);
}

function describe($request, $context)
{
    return new Response(200, [], json_encode([
        'method' => $request->getMethod(),
        'path' => $request->getAttribute('path'),
        'url' => $request->getAttribute('requestURI'),
        'clientIP' => $request->getAttribute('clientIP'),
        'accept' => $request->getHeaderLine('x-many'),
        'query' => $request->getQueryParams()['q'],
    ]));
}

function echoBody($request, $context)
{
    return new Response(200, [], $request->getBody());
}

function whole($request, $context)
{
    return new Response(200, [], strlen($request->getBody()->getContents()));
}

function early($request, $context)
{
    return new Response(200, [], 'early');
}

function stream($request, $context)
{
    $pieces = function () {
        for ($i = 0; $i < 32; $i++) {
            yield str_repeat(chr($i), 65536);
        }
    };
    return new Response(200, [], $pieces());
}

function endless($request, $context)
{
    $pieces = function () {
        try {
            while (true) {
                yield str_repeat("\0", 65536);
                usleep(1000);
            }
        } finally {
            echo "the source was closed\n";
        }
    };
    return new Response(200, [], $pieces());
}

function breaking($request, $context)
{
    $pieces = function () {
        yield 'begun';
        throw new SourceBroke('source broke');
    };
    return new Response(200, [], $pieces());
}

function failing($request, $context)
{
    throw new SourceBroke('before the response');
}

function injecting($request, $context)
{
    return new Response(200, ['x-a' => "b\r\nset-cookie: c"]);
}
