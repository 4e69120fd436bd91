<?php

$initializations = 0;

class OrderRefused extends Exception
{
}

class group
{
    public static function member($event, $context)
    {
        return 'member';
    }
}

function echoEvent($event, $context)
{
    return $event;
}

function nothing($event, $context)
{
    return null;
}

function text($event, $context)
{
    return 'héllo';
}

function number($event, $context)
{
    return 42;
}

function boolean($event, $context)
{
    return true;
}

function object($event, $context)
{
    return ['a' => [1, 'é']];
}

function unserialisable($event, $context)
{
    $loop = new stdClass();
    $loop->self = $loop;
    return $loop;
}

function sized($event, $context)
{
    return str_repeat('x', (int) $event);
}

function failing($event, $context)
{
    throw new OrderRefused('no such order');
}

function describeContext($event, $context)
{
    // An array of PHP does not know whether it is an empty list or an empty object.
    $context['tracing']['openTracingSpanBaggages'] = (object) $context['tracing']['openTracingSpanBaggages'];
    return $context;
}

function environment($event, $context)
{
    return [
        'code' => getenv('FC_FUNC_CODE_PATH'),
        'own' => getenv('OWN'),
        'channel' => getenv('SLUICE_CHANNEL') ?: $_ENV['SLUICE_CHANNEL'] ?? $_SERVER['SLUICE_CHANNEL'] ?? null,
        'key' => getenv('ALIBABA_CLOUD_ACCESS_KEY_ID'),
        'folder' => getcwd(),
    ];
}

function credentials($event, $context)
{
    return ['context' => $context['credentials']['accessKeyId'], 'variable' => getenv('ALIBABA_CLOUD_ACCESS_KEY_ID')];
}

function initialize($context)
{
    global $initializations;
    $initializations++;
    echo "initializing {$context['requestId']}\n";
}

function failInitialize($context)
{
    throw new OrderRefused('cannot connect');
}

function initializationCount($event, $context)
{
    global $initializations;
    return $initializations;
}

function beforeFreeze($context)
{
    echo "freezing {$context['requestId']}\n";
}

function failBeforeStop($context)
{
    throw new OrderRefused('cannot flush');
}

function printAll($event, $context)
{
    echo "out $event\n";
    fwrite(STDERR, "err $event\n");
    print 'no line end';
    return 'printed';
}

function interleave($event, $context)
{
    for ($step = 0; $step < 5; $step++) {
        echo "$event $step\n";
        usleep(1000);
    }
    return $event;
}

function printThenSpin($event, $context)
{
    echo "before the loop\n";
    while (true) {
        continue;
    }
}

function printToPipe($event, $context)
{
    file_put_contents('php://stdout', "straight to the pipe\n");
    return 'done';
}

function printLarge($event, $context)
{
    echo str_repeat('y', 3000000);
    return 'done';
}

function leave($event, $context)
{
    echo "leaving\n";
    exit(7);
}

function writeLog($event, $context)
{
    $GLOBALS['fcLogger']->info('count 3');
    $GLOBALS['fcLogger']->error('broken');
    return 'logged';
}

function answer($event, $context)
{
    return json_decode(json_decode($event, true)['body'], true);
}

function rawAnswer($event, $context)
{
    return json_decode($event, true)['body'];
}
