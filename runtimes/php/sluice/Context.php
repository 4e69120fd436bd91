<?php
declare(strict_types=1);

namespace Sluice;

/** Makes the `$context` of each invocation, an array in the shape that all languages share. */
final class Context
{
    private const FUNCTION_FIELDS = ['name', 'handler', 'memory', 'timeout', 'initializer', 'initializationTimeout'];
    /** In the context when the caller sent them. */
    private const W3C = ['traceparent', 'tracestate', 'baggage'];

    private array $function;

    /** `$init` is the payload of INIT. */
    public function __construct(private array $init)
    {
        $this->function = array_intersect_key($init['function'], array_flip(self::FUNCTION_FIELDS));
    }

    public function refreshCredentials(array $credentials): void
    {
        $this->init['credentials'] = $credentials;
    }

    /** `$head` is the head of INVOKE; of a hook, only the request id is known. */
    public function create(array $head): array
    {
        $service = $this->init['service'];
        $service['qualifier'] = $head['qualifier'] ?? $service['qualifier'];
        return [
            'requestId' => $head['requestId'],
            'credentials' => $this->init['credentials'],
            'function' => $this->function,
            'service' => $service,
            'region' => $this->init['region'],
            'accountId' => $this->init['accountId'],
            'retryCount' => $head['retryCount'] ?? 0,
            'tracing' => self::tracing($head['tracing'] ?? []),
        ];
    }

    private static function tracing(array $told): array
    {
        $openTracing = [
            'openTracingSpanContext' => $told['openTracingSpanContext'] ?? '',
            'openTracingSpanBaggages' => $told['openTracingSpanBaggages'] ?? [],
            'jaegerEndpoint' => $told['jaegerEndpoint'] ?? '',
        ];
        return $openTracing + array_filter(array_intersect_key($told, array_flip(self::W3C)));
    }
}
