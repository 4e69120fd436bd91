<?php
declare(strict_types=1);

namespace Sluice;

/** Numbers of the channel (docs/reference/channel.md). */
final class Frame
{
    public const INIT = 0x01;
    public const INVOKE = 0x02;
    public const DATA = 0x03;
    public const CREDIT = 0x04;
    public const CANCEL = 0x05;
    public const HOOK = 0x06;
    public const PING = 0x07;
    public const CREDENTIALS = 0x08;
    public const HELLO = 0x81;
    public const READY = 0x82;
    public const RESPONSE = 0x83;
    public const ERROR = 0x84;
    public const LOG = 0x85;
    public const HOOK_DONE = 0x86;
    public const PONG = 0x87;

    public const FLAG_END = 1;
    public const HEADER_BYTES = 10;
    public const PAYLOAD_BYTES_MAX = 1048576;
    public const LOG_BYTES_MAX = 65535;
    public const INITIAL_CREDIT_BYTES = 262144;

    public function __construct(
        public readonly int $type,
        public readonly int $flags,
        public readonly int $stream,
        public readonly string $payload,
    ) {
    }

    public function isLast(): bool
    {
        return ($this->flags & self::FLAG_END) !== 0;
    }

    /** The payload as JSON object. Throws ChannelError. */
    public function json(): array
    {
        return self::parse($this->payload);
    }

    /** The four bytes of a CREDIT. */
    public function number(): int
    {
        if (strlen($this->payload) !== 4) {
            throw new ChannelError('CREDIT needs 4 bytes');
        }
        return unpack('N', $this->payload)[1];
    }

    /**
     * The head of an INVOKE, and the first bytes of the body.
     *
     * @return array{array, string}
     */
    public function headAndBody(): array
    {
        if (strlen($this->payload) < 4) {
            throw new ChannelError('INVOKE has no head');
        }
        $length = unpack('N', $this->payload)[1];
        if ($length > strlen($this->payload) - 4) {
            throw new ChannelError('INVOKE has less than its head claims');
        }
        $head = self::parse(substr($this->payload, 4, $length));
        if (!is_string($head['requestId'] ?? null) || !is_string($head['kind'] ?? null)) {
            throw new ChannelError('the head of INVOKE lacks requestId or kind');
        }
        return [$head, substr($this->payload, 4 + $length)];
    }

    private static function parse(string $json): array
    {
        $value = json_decode($json, true);
        if (!is_array($value)) {
            throw new ChannelError('a payload is no JSON object');
        }
        return $value;
    }
}
