<?php
declare(strict_types=1);

namespace RingCentral\Psr7;

use Psr\Http\Message\StreamInterface;
use Sluice\IteratorStream;

/** A PHP resource as stream. */
class Stream implements StreamInterface
{
    /** @var ?resource */
    private $resource;

    public function __construct($stream)
    {
        if (!is_resource($stream)) {
            throw new \InvalidArgumentException('a stream is made of a resource, not of ' . get_debug_type($stream));
        }
        $this->resource = $stream;
    }

    /** What a message may have as its body, as stream. */
    public static function of($body): StreamInterface
    {
        if ($body instanceof StreamInterface) {
            return $body;
        }
        if ($body instanceof \Iterator) {
            return new IteratorStream($body);
        }
        if (is_resource($body)) {
            return new self($body);
        }
        if (!is_scalar($body) && !$body instanceof \Stringable) {
            throw new \InvalidArgumentException('a body cannot be made of ' . get_debug_type($body));
        }
        $memory = fopen('php://memory', 'r+');
        fwrite($memory, (string) $body);
        rewind($memory);
        return new self($memory);
    }

    /** @return resource */
    private function open()
    {
        return $this->resource ?? throw new \RuntimeException('the stream is closed');
    }

    public function __toString(): string
    {
        if ($this->resource === null) {
            return '';
        }
        if ($this->isSeekable()) {
            $this->rewind();
        }
        return $this->getContents();
    }

    public function close(): void
    {
        $resource = $this->detach();
        if (is_resource($resource)) {
            fclose($resource);
        }
    }

    public function detach()
    {
        $resource = $this->resource;
        $this->resource = null;
        return $resource;
    }

    public function getSize(): ?int
    {
        return $this->resource === null ? null : fstat($this->resource)['size'] ?? null;
    }

    public function tell(): int
    {
        $position = ftell($this->open());
        return $position === false ? throw new \RuntimeException('the stream has no position') : $position;
    }

    public function eof(): bool
    {
        if ($this->resource === null || feof($this->resource)) {
            return true;
        }
        return $this->isSeekable() && ftell($this->resource) >= $this->getSize();
    }

    public function isSeekable(): bool
    {
        return $this->resource !== null && $this->getMetadata('seekable') === true;
    }

    public function seek($offset, $whence = SEEK_SET): void
    {
        if (fseek($this->open(), $offset, $whence) !== 0) {
            throw new \RuntimeException("position $offset cannot be reached");
        }
    }

    public function rewind(): void
    {
        $this->seek(0);
    }

    public function isWritable(): bool
    {
        return $this->resource !== null && preg_match('/[waxc+]/', $this->getMetadata('mode')) === 1;
    }

    public function write($string): int
    {
        $writtenBytes = fwrite($this->open(), $string);
        return $writtenBytes === false ? throw new \RuntimeException('the stream cannot be written') : $writtenBytes;
    }

    public function isReadable(): bool
    {
        return $this->resource !== null && preg_match('/[r+]/', $this->getMetadata('mode')) === 1;
    }

    public function read($length): string
    {
        $bytes = fread($this->open(), $length);
        return $bytes === false ? throw new \RuntimeException('the stream cannot be read') : $bytes;
    }

    public function getContents(): string
    {
        $bytes = stream_get_contents($this->open());
        return $bytes === false ? throw new \RuntimeException('the stream cannot be read') : $bytes;
    }

    public function getMetadata($key = null)
    {
        $metadata = $this->resource === null ? [] : stream_get_meta_data($this->resource);
        return $key === null ? $metadata : $metadata[$key] ?? null;
    }
}
