<?php

/** Called with the HTTP request as JSON; what it returns is the HTTP response. */
function handler($event, $context)
{
    $request = json_decode($event, true);
    $http = $request['requestContext']['http'];
    echo $http['method'] . ' ' . $http['path'] . "\n";
    $name = $request['queryParameters']['name'] ?? 'world';
    return [
        'statusCode' => 200,
        'headers' => ['Content-Type' => 'text/plain; charset=utf-8'],
        'body' => "Hello, $name!\n",
    ];
}
