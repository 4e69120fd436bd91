<?php
declare(strict_types=1);

namespace Sluice;

/** `$GLOBALS['fcLogger']`: the levels of PSR-3, lines as Function Compute writes them: time, request id, level, text. */
final class Logger
{
    private const TO_STDOUT = ['debug', 'info', 'notice'];

    public string $requestId = '';

    public function debug($message, array $context = []): void
    {
        $this->log('debug', $message, $context);
    }

    public function info($message, array $context = []): void
    {
        $this->log('info', $message, $context);
    }

    public function notice($message, array $context = []): void
    {
        $this->log('notice', $message, $context);
    }

    public function warning($message, array $context = []): void
    {
        $this->log('warning', $message, $context);
    }

    public function error($message, array $context = []): void
    {
        $this->log('error', $message, $context);
    }

    public function critical($message, array $context = []): void
    {
        $this->log('critical', $message, $context);
    }

    public function alert($message, array $context = []): void
    {
        $this->log('alert', $message, $context);
    }

    public function emergency($message, array $context = []): void
    {
        $this->log('emergency', $message, $context);
    }

    public function log($level, $message, array $context = []): void
    {
        $time = (new \DateTimeImmutable('now', new \DateTimeZone('UTC')))->format('Y-m-d\TH:i:s.v\Z');
        $text = is_scalar($message) || $message instanceof \Stringable ? (string) $message : Results::looseJson($message);
        $more = $context === [] ? '' : ' ' . Results::looseJson($context);
        $name = strtoupper((string) $level);
        $line = "$time $this->requestId [$name] $text$more\n";
        fwrite(in_array(strtolower($name), self::TO_STDOUT, true) ? STDOUT : STDERR, $line);
    }
}
