<?php
declare(strict_types=1);

namespace Sluice;

/** From a handler such as `src/app.handler` to the file that holds it, and to the function once that is loaded. */
final class Loader
{
    private function __construct(
        public readonly string $file,
        private readonly string $moduleName,
        /** What follows the file in the name of the handler. */
        private readonly array $path,
    ) {
    }

    /** `a.b.handler` is function `handler` of `a.b.php`, or else method `handler` of class `b` in `a.php`. Throws RuntimeFailure. */
    public static function locate(string $codePath, string $handler): self
    {
        $folder = str_contains($handler, '/') ? dirname($handler) . '/' : '';
        $parts = explode('.', basename($handler));
        if (count($parts) < 2 || in_array('', $parts, true)) {
            throw new RuntimeFailure('HandlerNotFound', "Handler '$handler' is not of the form 'module.function'");
        }
        for ($fileParts = count($parts) - 1; $fileParts > 0; $fileParts--) {
            $moduleName = $folder . implode('.', array_slice($parts, 0, $fileParts));
            $file = "$codePath/$moduleName.php";
            if (is_file($file)) {
                return new self($file, $moduleName, array_slice($parts, $fileParts));
            }
        }
        $moduleName = $folder . implode('.', array_slice($parts, 0, -1));
        throw new RuntimeFailure('ImportModuleError', "Cannot find module '$moduleName': there is no file '$moduleName.php'");
    }

    /** For what need not be loaded at the top level; does nothing when it is loaded. Throws RuntimeFailure. */
    public function load(): void
    {
        try {
            require_once $this->file;
        } catch (\Throwable $thrown) {
            throw Failures::ofLoading($thrown);
        }
    }

    /** The function, once the file is loaded. Throws RuntimeFailure. */
    public function resolve(): callable
    {
        $callable = implode('::', $this->path);
        if (!is_callable($callable)) {
            $name = implode('.', $this->path);
            throw new RuntimeFailure('HandlerNotFound', "Handler '$name' missing on module '$this->moduleName'");
        }
        return $callable;
    }
}
