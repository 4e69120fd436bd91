<?php
declare(strict_types=1);

namespace RingCentral\Psr7;

use Psr\Http\Message\StreamInterface;

/** What requests and responses share: protocol, headers, body. Messages never change: `with…` gives a changed copy. */
trait MessageTrait
{
    private string $protocolVersion = '1.1';
    /** Values by name, as the name was spelt first. */
    private array $headers = [];
    /** That spelling, by name in lower case. */
    private array $spelling = [];
    private ?StreamInterface $body = null;

    private function setMessage(array $headers, $body, $protocolVersion): void
    {
        $this->protocolVersion = (string) $protocolVersion;
        $this->body = $body === null ? null : Stream::of($body);
        foreach ($headers as $name => $value) {
            $this->addHeader((string) $name, $value);
        }
    }

    private function addHeader(string $name, $value): void
    {
        $spelling = $this->spelling[strtolower($name)] ??= $name;
        foreach (is_array($value) ? $value : [$value] as $text) {
            if (!is_scalar($text) && $text !== null && !$text instanceof \Stringable) {
                throw new \InvalidArgumentException("the value of header $name is no text");
            }
            $this->headers[$spelling][] = trim((string) $text, " \t");
        }
    }

    private function removeHeader(string $name): void
    {
        $key = strtolower($name);
        unset($this->headers[$this->spelling[$key] ?? ''], $this->spelling[$key]);
    }

    public function getProtocolVersion(): string
    {
        return $this->protocolVersion;
    }

    public function withProtocolVersion($version): static
    {
        $copy = clone $this;
        $copy->protocolVersion = (string) $version;
        return $copy;
    }

    public function getHeaders(): array
    {
        return $this->headers;
    }

    public function hasHeader($name): bool
    {
        return isset($this->spelling[strtolower($name)]);
    }

    public function getHeader($name): array
    {
        return $this->hasHeader($name) ? $this->headers[$this->spelling[strtolower($name)]] : [];
    }

    public function getHeaderLine($name): string
    {
        return implode(', ', $this->getHeader($name));
    }

    public function withHeader($name, $value): static
    {
        $copy = clone $this;
        $copy->removeHeader($name);
        $copy->addHeader($name, $value);
        return $copy;
    }

    public function withAddedHeader($name, $value): static
    {
        $copy = clone $this;
        $copy->addHeader($name, $value);
        return $copy;
    }

    public function withoutHeader($name): static
    {
        $copy = clone $this;
        $copy->removeHeader($name);
        return $copy;
    }

    public function getBody(): StreamInterface
    {
        return $this->body ??= Stream::of('');
    }

    public function withBody(StreamInterface $body): static
    {
        $copy = clone $this;
        $copy->body = $body;
        return $copy;
    }
}
