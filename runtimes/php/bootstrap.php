<?php
/**
 * What a sandbox of a PHP function runs: connects to the node by SLUICE_CHANNEL and serves one instance.
 *
 * The function's files are read here, at the top level: what they assign there has to be a global variable, as it would be
 * outside. For the same reason this file leaves no variable behind.
 */
declare(strict_types=1);

foreach (['Frame', 'Failures', 'Channel', 'Output', 'Logger', 'Context', 'Loader', 'Bodies', 'Invocation', 'ResponseHead',
    'HttpEvent', 'Results', 'Instance', 'autoload', 'error_log'] as $sluiceFile) {
    require __DIR__ . "/sluice/$sluiceFile.php";
}
unset($sluiceFile);

Sluice\Instance::open(getenv('SLUICE_CHANNEL'));
while (Sluice\Instance::the()->nextFile() !== null) {
    try {
        require_once Sluice\Instance::the()->nextFile();
        Sluice\Instance::the()->fileLoaded();
    } catch (Throwable $sluiceThrown) {
        Sluice\Instance::the()->fileFailed($sluiceThrown);
    }
    unset($sluiceThrown);
}
Sluice\Instance::the()->serve();
