<?php
/** Does what the event says; an HTTP request is answered with what it was. */
$initialized = 0;

function initializer($context) {
    global $initialized;
    $initialized++;
    echo "initializing\n";
}

function handler($event, $context) {
    global $initialized;
    if (str_starts_with($event, '{')) return answerHttp(json_decode($event, true));
    if (str_starts_with($event, 'echo:')) return substr($event, strlen('echo:'));
    switch ($event) {
        case 'context':
            return [
                'requestId' => $context['requestId'],
                'functionName' => $context['function']['name'],
                'hasAccessKey' => !empty($context['credentials']['accessKeyId']),
            ];
        case 'env':
            return getenv('GREETING');
        case 'print':
            echo "printed {$context['requestId']}\n";
            return 'ok';
        case 'fail':
            throw new DomainException('no such order');
        case 'exit':
            exit(3);
        case 'init':
            return (string) $initialized;
        case 'large':
            return str_repeat('x', 30 << 20);
        default:
            return $event;
    }
}

function answerHttp($request) {
    $method = $request['requestContext']['http']['method'];
    return [
        'statusCode' => 201,
        'headers' => ['x-answer' => $request['headers']['X-Question']],
        'body' => "$method {$request['rawPath']} {$request['queryParameters']['q']} {$request['body']}",
    ];
}
