<?php
declare(strict_types=1);

namespace Sluice;

use Psr\Http\Message\StreamInterface;

/** A body that a generator or another iterator produces while it is sent. */
final class IteratorStream implements StreamInterface
{
    private string $rest = '';
    private int $position = 0;
    private bool $wasTaken = false;

    public function __construct(private ?\Iterator $pieces)
    {
    }

    public function read($length): string
    {
        if ($this->rest === '') {
            $this->rest = $this->produce();
        }
        $piece = substr($this->rest, 0, $length);
        $this->rest = substr($this->rest, strlen($piece));
        $this->position += strlen($piece);
        return $piece;
    }

    /** The next piece is asked for when it is wanted, not before: the one before it may leave meanwhile. */
    private function produce(): string
    {
        if ($this->wasTaken) {
            $this->pieces?->next();
        }
        $this->wasTaken = true;
        if ($this->pieces?->valid()) {
            return (string) $this->pieces->current();
        }
        $this->pieces = null;
        return '';
    }

    public function getContents(): string
    {
        $bytes = '';
        while (!$this->eof()) {
            $bytes .= $this->read(PHP_INT_MAX);
        }
        return $bytes;
    }

    public function __toString(): string
    {
        return $this->getContents();
    }

    public function eof(): bool
    {
        return $this->rest === '' && $this->pieces === null;
    }

    public function tell(): int
    {
        return $this->position;
    }

    public function getSize(): ?int
    {
        return null;
    }

    public function isSeekable(): bool
    {
        return false;
    }

    public function seek($offset, $whence = SEEK_SET): void
    {
        throw new \RuntimeException('a body that is produced while it is sent has no positions');
    }

    public function rewind(): void
    {
        $this->seek(0);
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
        throw new \RuntimeException('a body that is produced cannot be written');
    }

    public function getMetadata($key = null)
    {
        return $key === null ? [] : null;
    }

    public function detach()
    {
        $this->close();
        return null;
    }

    /** Lets go of a generator, which runs its `finally` then. */
    public function close(): void
    {
        $this->rest = '';
        $this->pieces = null;
    }
}
