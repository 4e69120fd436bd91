<?php
/**
 * What only functions with HTTP of generation 2 need is loaded when it is first used. PSR-7 among it: such functions are
 * written against the classes that Function Compute brings, and get ours where their own code has none of this name. An
 * autoloader of Composer comes before this one.
 */
declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $folder = match (true) {
        str_starts_with($class, 'Sluice\\') => '',
        str_starts_with($class, 'Psr\\Http\\Message\\'), str_starts_with($class, 'RingCentral\\Psr7\\') => 'psr7/',
        default => null,
    };
    $file = dirname(__DIR__) . "/$folder" . strtr(str_replace('Sluice\\', 'sluice\\', $class), '\\', '/') . '.php';
    if ($folder !== null && is_file($file)) {
        require $file;
    }
});
