<?php

/** Called with the bytes of the event; what it returns is the answer. */
function handler($event, $context)
{
    echo 'got ' . strlen($event) . " bytes\n";
    return json_encode(['hello' => $event !== '' ? $event : 'world', 'requestId' => $context['requestId']]);
}
