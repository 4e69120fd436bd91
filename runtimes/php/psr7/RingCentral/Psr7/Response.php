<?php
declare(strict_types=1);

namespace RingCentral\Psr7;

use Psr\Http\Message\ResponseInterface;

class Response implements ResponseInterface
{
    use MessageTrait;

    private int $statusCode;
    private string $reasonPhrase;

    /** `$body`: text, a resource, a stream, or an iterator whose pieces are sent as it gives them. */
    public function __construct($status = 200, array $headers = [], $body = null, $version = '1.1', $reason = null)
    {
        $this->statusCode = (int) $status;
        $this->reasonPhrase = (string) $reason;
        $this->setMessage($headers, $body, $version);
    }

    public function getStatusCode(): int
    {
        return $this->statusCode;
    }

    public function getReasonPhrase(): string
    {
        return $this->reasonPhrase;
    }

    public function withStatus($code, $reasonPhrase = ''): static
    {
        $copy = clone $this;
        $copy->statusCode = (int) $code;
        $copy->reasonPhrase = (string) $reasonPhrase;
        return $copy;
    }
}
