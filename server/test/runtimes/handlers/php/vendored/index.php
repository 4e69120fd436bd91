<?php

/** As Composer does for a function that brings its own PSR-7. */
spl_autoload_register(function (string $class): void {
    if ($class === 'RingCentral\Psr7\Response') {
        require __DIR__ . '/Response.php';
    }
}, true, true);

function handler($request, $context)
{
    return new RingCentral\Psr7\Response();
}
