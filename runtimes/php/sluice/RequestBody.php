<?php
declare(strict_types=1);

namespace Sluice;

use Psr\Http\Message\StreamInterface;

/** The body of a request, read from the channel as it is asked for. What was read is kept, so that it can be read again. */
final class RequestBody implements StreamInterface
{
    private string $bytes = '';
    private int $position = 0;

    public function __construct(private readonly Invocation $invocation, private readonly \Closure $awaitFrame)
    {
    }

    /** Waits for more of the body; false at its end. Throws InvocationCancelled. */
    private function pull(): bool
    {
        while (true) {
            $this->invocation->checkCancelled();
            $piece = $this->invocation->takeReceived();
            if ($piece !== '') {
                $this->bytes .= $piece;
                $this->invocation->grant(strlen($piece));
                return true;
            }
            if ($this->invocation->bodyEnded || $this->invocation->ended) {
                return false;
            }
            ($this->awaitFrame)();
        }
    }

    private function pullAll(): void
    {
        while ($this->pull()) {
            continue;
        }
    }

    public function __toString(): string
    {
        $this->position = 0;
        return $this->getContents();
    }

    public function read($length): string
    {
        if ($this->position >= strlen($this->bytes)) {
            $this->pull();
        }
        $piece = substr($this->bytes, $this->position, $length);
        $this->position += strlen($piece);
        return $piece;
    }

    public function getContents(): string
    {
        $this->pullAll();
        $rest = substr($this->bytes, $this->position);
        $this->position = strlen($this->bytes);
        return $rest;
    }

    public function eof(): bool
    {
        $hasMore = !$this->invocation->bodyEnded || $this->invocation->hasReceived();
        return $this->position >= strlen($this->bytes) && !$hasMore;
    }

    public function getSize(): ?int
    {
        $this->pullAll();
        return strlen($this->bytes);
    }

    public function tell(): int
    {
        return $this->position;
    }

    public function isSeekable(): bool
    {
        return true;
    }

    public function seek($offset, $whence = SEEK_SET): void
    {
        $start = match ($whence) {
            SEEK_SET => 0,
            SEEK_CUR => $this->position,
            SEEK_END => $this->getSize(),
        };
        $target = $start + $offset;
        while ($target > strlen($this->bytes) && $this->pull()) {
            continue;
        }
        if ($target < 0 || $target > strlen($this->bytes)) {
            throw new \RuntimeException("position $target is outside of the body");
        }
        $this->position = $target;
    }

    public function rewind(): void
    {
        $this->position = 0;
    }

    public function isReadable(): bool
    {
        return true;
    }

    public function isWritable(): bool
    {
        return false;
    }

    public function write($string): int
    {
        throw new \RuntimeException('the body of a request cannot be written');
    }

    public function getMetadata($key = null)
    {
        return $key === null ? [] : null;
    }

    public function detach()
    {
        return null;
    }

    public function close(): void
    {
    }
}
