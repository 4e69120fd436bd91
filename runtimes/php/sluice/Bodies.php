<?php
declare(strict_types=1);

namespace Sluice;

/** The body of an answer, read as far as the node has given credit. */
interface Body
{
    /** Some bytes, `$sizeBytes` at most; empty when there are none just now, or none any more. */
    public function read(int $sizeBytes): string;

    public function isAtEnd(): bool;

    public function close(): void;
}

final class StringBody implements Body
{
    private int $offset = 0;

    public function __construct(private string $bytes)
    {
    }

    public function read(int $sizeBytes): string
    {
        $isWhole = $this->offset === 0 && $sizeBytes >= strlen($this->bytes);
        $piece = $isWhole ? $this->bytes : substr($this->bytes, $this->offset, $sizeBytes);
        $this->offset += strlen($piece);
        return $piece;
    }

    public function isAtEnd(): bool
    {
        return $this->offset >= strlen($this->bytes);
    }

    public function close(): void
    {
        $this->bytes = '';
    }
}

/** The body of a PSR-7 response: any object with `read`, `eof` and `close`. */
final class StreamBody implements Body
{
    /** What the stream gave beyond what it was asked for. */
    private string $rest = '';

    public function __construct(private readonly object $stream)
    {
    }

    public function read(int $sizeBytes): string
    {
        $bytes = $this->rest !== '' ? $this->rest : (string) $this->stream->read($sizeBytes);
        $this->rest = substr($bytes, $sizeBytes);
        return substr($bytes, 0, $sizeBytes);
    }

    public function isAtEnd(): bool
    {
        return $this->rest === '' && $this->stream->eof();
    }

    public function close(): void
    {
        $this->rest = '';
        $this->stream->close();
    }
}
