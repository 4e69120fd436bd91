<?php
declare(strict_types=1);

namespace Sluice;

/** A peer that broke a rule of the channel. */
final class ChannelError extends \Exception
{
}

/** The answer is no longer wanted; thrown where a handler reads the body of its request. */
final class InvocationCancelled extends \Exception
{
    public function __construct(string $reason)
    {
        parent::__construct("the invocation was cancelled: $reason");
    }
}

/** A failure found by the runtime itself; the handler never had the chance to report it. */
final class RuntimeFailure extends \Exception
{
    public function __construct(public readonly string $errorType, string $message, public readonly array $stackTrace = [])
    {
        parent::__construct($message);
    }
}

/** What a caller is told of a failure: `{errorMessage, errorType, stackTrace, handled}`, bounded to fit one frame. */
final class Failures
{
    private const MESSAGE_LENGTH_MAX = 65536;
    private const STACK_LINES_MAX = 64;
    private const STACK_LINE_LENGTH_MAX = 1024;
    private const FATAL = E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_PARSE;

    public static function describe(\Throwable $thrown): array
    {
        if ($thrown instanceof RuntimeFailure) {
            return self::shape($thrown->getMessage(), $thrown->errorType, $thrown->stackTrace, false);
        }
        if ($thrown instanceof InvocationCancelled) {
            return self::shape($thrown->getMessage(), 'InvocationCancelled', [], false);
        }
        return self::shape($thrown->getMessage(), get_class($thrown), self::stackLines($thrown), true);
    }

    /** What went wrong while a file of the function was loaded. */
    public static function ofLoading(\Throwable $thrown): RuntimeFailure
    {
        $message = $thrown->getMessage();
        $stackTrace = self::stackLines($thrown);
        if ($thrown instanceof RuntimeFailure) {
            return $thrown;
        }
        if ($thrown instanceof \CompileError) {
            $place = self::place($thrown->getFile(), $thrown->getLine());
            return new RuntimeFailure('UserCodeSyntaxError', $message, ["$message ($place)"]);
        }
        if ($thrown instanceof \Error && str_starts_with($message, 'Failed opening required')) {
            return new RuntimeFailure('ImportModuleError', $message, $stackTrace);
        }
        return new RuntimeFailure('FunctionUnhandledError: ' . get_class($thrown), $message, $stackTrace);
    }

    /** The error that ends this process and that no handler can catch; null when it ends otherwise. */
    public static function fatal(): ?RuntimeFailure
    {
        $last = error_get_last();
        if ($last === null || ($last['type'] & self::FATAL) === 0) {
            return null;
        }
        $stackTrace = ['at ' . self::place($last['file'], $last['line'])];
        return new RuntimeFailure('FunctionUnhandledError: FatalError', $last['message'], $stackTrace);
    }

    /** One text per frame, of the function's own code, the innermost first. */
    private static function stackLines(\Throwable $thrown): array
    {
        $lines = [];
        [$file, $line] = [$thrown->getFile(), $thrown->getLine()];
        foreach ([...$thrown->getTrace(), []] as $frame) {
            if (count($lines) === self::STACK_LINES_MAX) {
                break;
            }
            $function = ($frame['class'] ?? '') . ($frame['type'] ?? '') . ($frame['function'] ?? '{main}');
            if ($file !== null && !str_starts_with($file, dirname(__DIR__) . '/')) {
                $lines[] = "at $function (" . self::place($file, $line) . ')';
            }
            // A frame tells where it was called, which is a place in the next.
            [$file, $line] = [$frame['file'] ?? null, $frame['line'] ?? 0];
        }
        return $lines;
    }

    private static function place(string $file, int $line): string
    {
        return "$file:$line";
    }

    private static function shape(string $message, string $errorType, array $stackTrace, bool $isHandled): array
    {
        $shorten = fn (string $line): string => substr($line, 0, self::STACK_LINE_LENGTH_MAX);
        return [
            'errorMessage' => substr($message, 0, self::MESSAGE_LENGTH_MAX),
            'errorType' => $shorten($errorType),
            'stackTrace' => array_map($shorten, array_slice($stackTrace, 0, self::STACK_LINES_MAX)),
            'handled' => $isHandled,
        ];
    }
}
