<?php
declare(strict_types=1);

namespace Sluice;

/** The runtime's end of the channel: whole frames in, whole frames out. */
final class Channel
{
    private const READ_BYTES = 65536;

    /** @var resource */
    private $socket;
    private int $processId;
    private string $received = '';
    private int $offset = 0;

    public function __construct(string $path)
    {
        $this->socket = @stream_socket_client("unix://$path", $code, $reason)
            ?: throw new ChannelError("cannot connect to $path: $reason");
        stream_set_read_buffer($this->socket, 0);
        stream_set_timeout($this->socket, -1);
        $this->processId = getmypid();
    }

    /** The next frame. `$waits` false: null when none has arrived whole. Ends the process when the node has closed the connection. */
    public function read(bool $waits): ?Frame
    {
        $this->leaveToParent();
        while (true) {
            $frame = $this->takeFrame();
            if ($frame !== null) {
                return $frame;
            }
            if (!$waits && !$this->hasMore()) {
                return null;
            }
            $piece = @fread($this->socket, self::READ_BYTES);
            if ($piece === false || ($piece === '' && feof($this->socket))) {
                exit(0);
            }
            $this->received .= $piece;
        }
    }

    private function takeFrame(): ?Frame
    {
        $availableBytes = strlen($this->received) - $this->offset;
        if ($availableBytes < Frame::HEADER_BYTES) {
            return null;
        }
        ['length' => $length, 'type' => $type, 'flags' => $flags, 'stream' => $stream] =
            unpack('Nlength/Ctype/Cflags/Nstream', $this->received, $this->offset);
        if ($length > Frame::PAYLOAD_BYTES_MAX) {
            throw new ChannelError("a frame of $length bytes, at most " . Frame::PAYLOAD_BYTES_MAX . ' are accepted');
        }
        if ($availableBytes < Frame::HEADER_BYTES + $length) {
            return null;
        }
        $payload = substr($this->received, $this->offset + Frame::HEADER_BYTES, $length);
        $this->offset += Frame::HEADER_BYTES + $length;
        if ($this->offset >= self::READ_BYTES || $this->offset === strlen($this->received)) {
            $this->received = substr($this->received, $this->offset);
            $this->offset = 0;
        }
        return new Frame($type, $flags, $stream, $payload);
    }

    private function hasMore(): bool
    {
        $readable = [$this->socket];
        $none = null;
        return @stream_select($readable, $none, $none, 0) === 1;
    }

    private function isForked(): bool
    {
        return getmypid() !== $this->processId;
    }

    /** The connection belongs to the parent: a child that comes back from its handler has nothing left to do. */
    private function leaveToParent(): void
    {
        if ($this->isForked()) {
            exit(0);
        }
    }

    /** A connection that broke is noticed by the next read. */
    public function send(int $type, int $stream, string $payload = '', int $flags = 0): void
    {
        $this->leaveToParent();
        $rest = pack('NCCN', strlen($payload), $type, $flags, $stream) . $payload;
        while ($rest !== '') {
            $sentBytes = @fwrite($this->socket, $rest);
            if ($sentBytes === false || $sentBytes === 0) {
                return;
            }
            $rest = substr($rest, $sentBytes);
        }
    }

    /** `$descriptor`: 1 stdout, 2 stderr. */
    public function sendLog(int $stream, int $descriptor, string $text): void
    {
        if ($this->isForked()) {
            file_put_contents($descriptor === 1 ? 'php://stdout' : 'php://stderr', $text);
            return;
        }
        for ($offset = 0; $offset < strlen($text); $offset += Frame::LOG_BYTES_MAX) {
            $this->send(Frame::LOG, $stream, chr($descriptor) . substr($text, $offset, Frame::LOG_BYTES_MAX));
        }
    }

    public function sendJson(int $type, int $stream, array $value): void
    {
        $this->send($type, $stream, $value === [] ? '{}' : json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE));
    }
}
