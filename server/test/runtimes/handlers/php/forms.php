<?php

use RingCentral\Psr7\Response;

require 'lib.php';

$global = 'assigned at the top level';

function seesGlobals($event, $context)
{
    global $global;
    return [$global, FROM_LIB, array_keys(array_filter($GLOBALS, fn ($name) => str_starts_with($name, 'sluice'), ARRAY_FILTER_USE_KEY))];
}

function requiresFromLayer($event, $context)
{
    return require 'from_layer.php';
}

function everyEnvironment($event, $context)
{
    return [getenv('OWN'), $_ENV['OWN'], $_SERVER['OWN']];
}

function printsInAllWays($event, $context)
{
    printf("%s\n", 'by printf');
    print "by print\n";
    var_dump(1);
    fwrite(STDOUT, "by STDOUT\n");
    error_log('by error_log');
    echo $absent;
    return 'done';
}

function appendsToLog($event, $context)
{
    $file = tempnam(sys_get_temp_dir(), 'log');
    error_log('kept in a file', 3, $file);
    return [file_get_contents($file), unlink($file)];
}

function leavesBufferOpen($event, $context)
{
    ob_start();
    echo 'buffered';
    return 'done';
}

function capturesOutput($event, $context)
{
    ob_start();
    echo 'template';
    return ob_get_clean();
}

function closesAllBuffers($event, $context)
{
    echo "$event\n";
    while (ob_get_level() > 0) {
        ob_end_clean();
    }
    return 'done';
}

function logsAtLevels($event, $context)
{
    $logger = $GLOBALS['fcLogger'];
    $logger->debug('d');
    $logger->info('with', ['order' => 7]);
    $logger->warning('w');
    $logger->log('critical', new ArrayObject([1]));
}

function dies($event, $context)
{
    register_shutdown_function(function () {
        echo 'shut down';
    });
    die("dead\n");
}

function exhaustsMemory($event, $context)
{
    ini_set('memory_limit', '16M');
    return strlen(str_repeat('x', 32 << 20));
}

function recursesInC($event, $context)
{
    return array_map('recursesInC', [$event], [$context]);
}

function invalidUtf8($event, $context)
{
    return ['text' => "\xff"];
}

function notANumber($event, $context)
{
    return NAN;
}

function throwsOddly($event, $context)
{
    throw new Exception("not UTF-8: \xff");
}

function throwsError($event, $context)
{
    return intdiv(1, 0);
}

function waitsForFile($event, $context)
{
    echo "waiting\n";
    while (!file_exists($event)) {
        usleep(1000);
        clearstatcache();
    }
    return 'done';
}

function forks($event, $context)
{
    $child = pcntl_fork();
    if ($child === 0) {
        echo "child prints\n";
        return 'from the child';
    }
    pcntl_waitpid($child, $status);
    return 'parent';
}

function returnsObject($event, $context)
{
    return (object) ['statusCode' => 202, 'headers' => (object) ['X-A' => 'b'], 'body' => 'object'];
}

// PSR-7

function describesRequest($request, $context)
{
    $first = (string) $request->getBody();
    $uri = $request->getUri();
    return new Response(200, ['Content-Type' => 'application/json'], json_encode([
        'uri' => (string) $uri,
        'authority' => [$uri->getHost(), $uri->getPort(), $uri->getPath(), $uri->getQuery()],
        'target' => $request->getRequestTarget(),
        'protocol' => $request->getProtocolVersion(),
        'queries' => $request->getQueryParams(),
        'attributes' => $request->getAttributes(),
        'cookies' => $request->getCookieParams(),
        'headers' => $request->getHeaders(),
        'twice' => $first === (string) $request->getBody(),
        'size' => $request->getBody()->getSize(),
        'tail' => tailOf($request->getBody()),
        'types' => [
            $request instanceof Psr\Http\Message\ServerRequestInterface,
            $request->getBody() instanceof Psr\Http\Message\StreamInterface,
        ],
    ]));
}

function tailOf($body)
{
    $body->seek(-3, SEEK_END);
    return $body->read(100) . ($body->eof() ? '|' : '');
}

function changesCopies($request, $context)
{
    $response = new Response(200, ['X-A' => '1'], 'first');
    $changed = $response
        ->withStatus(404, 'Gone fishing')
        ->withHeader('x-a', '2')
        ->withAddedHeader('X-A', '3')
        ->withAddedHeader('X-B', '4')
        ->withoutHeader('x-b')
        ->withBody(RingCentral\Psr7\Stream::of('second'));
    $request = $request->withAttribute('own', 1)->withoutAttribute('path')->withMethod('PUT');
    return new Response(200, [], json_encode([
        [$response->getStatusCode(), $response->getHeaders(), (string) $response->getBody()],
        [$changed->getStatusCode(), $changed->getReasonPhrase(), $changed->getHeaders(), (string) $changed->getBody()],
        [$request->getAttribute('own'), $request->getAttribute('path', 'none'), $request->getMethod()],
        (string) $request->getUri()->withScheme('https')->withHost('Example.ORG')->withPort(443)->withPath('/a b')
            ->withQuery('q=é')->withFragment('f'),
    ]));
}

function returnsResource($request, $context)
{
    $file = fopen('php://temp', 'r+');
    fwrite($file, str_repeat('0123456789', 50000));
    return new Response(200, [], $file);
}

function returnsText($request, $context)
{
    return 'text';
}

function wrongStatus($request, $context)
{
    return new Response(99);
}

function readsInSteps($request, $context)
{
    $body = $request->getBody();
    $steps = [];
    while (!$body->eof()) {
        $steps[] = $body->read(4);
    }
    return new Response(200, [], implode('|', array_filter($steps, 'strlen')));
}
