<?php
declare(strict_types=1);

namespace Sluice;

/** One stream of the channel while its invocation runs: takes the request body in, sends the one answer out. */
final class Invocation
{
    /** Below it a CREDIT frame costs more than it is worth. */
    private const GRANT_BYTES_MIN = 65536;
    /** Of a streamed body, so that frames of the node are looked at in between. */
    private const PIECE_BYTES_MAX = 262144;

    public readonly string $requestId;
    public bool $ended = false;
    public bool $bodyEnded = false;
    public int $receivedBytes = 0;
    public ?string $cancelReason = null;

    private array $pieces = [];
    private int $ownedCreditBytes = Frame::INITIAL_CREDIT_BYTES;
    private int $grantableBytes = 0;
    private int $creditBytes = Frame::INITIAL_CREDIT_BYTES;
    /** Of RESPONSE, until it has left. */
    private ?string $responseHead = null;
    private ?Body $answer = null;

    /** `$onEnd` is called with this invocation before its last frame leaves. */
    public function __construct(
        private readonly Channel $channel,
        public readonly int $stream,
        public readonly array $head,
        private readonly \Closure $onEnd,
    ) {
        $this->requestId = $head['requestId'];
    }

    // The request body

    /** Throws ChannelError. */
    public function receive(string $piece, bool $isLast): void
    {
        $this->ownedCreditBytes -= strlen($piece);
        if ($this->ownedCreditBytes < 0) {
            throw new ChannelError("stream $this->stream sent beyond its credit");
        }
        $this->receivedBytes += strlen($piece);
        if ($piece !== '') {
            $this->pieces[] = $piece;
        }
        $this->bodyEnded = $this->bodyEnded || $isLast;
    }

    /** Lets the node send `$sizeBytes` more of the request body. */
    public function grant(int $sizeBytes): void
    {
        $this->grantableBytes += $sizeBytes;
        if ($this->grantableBytes < self::GRANT_BYTES_MIN || $this->ended) {
            return;
        }
        $this->ownedCreditBytes += $this->grantableBytes;
        $this->channel->send(Frame::CREDIT, $this->stream, pack('N', $this->grantableBytes));
        $this->grantableBytes = 0;
    }

    public function hasReceived(): bool
    {
        return $this->pieces !== [];
    }

    /** What has arrived and was not taken yet. */
    public function takeReceived(): string
    {
        $bytes = count($this->pieces) === 1 ? $this->pieces[0] : implode('', $this->pieces);
        $this->pieces = [];
        return $bytes;
    }

    // The answer

    /** Throws InvocationCancelled when the answer is no longer wanted. */
    public function checkCancelled(): void
    {
        if ($this->cancelReason !== null) {
            throw new InvocationCancelled($this->cancelReason);
        }
    }

    /** Sends what credit covers; the rest leaves by `advance`. */
    public function answer(string $head, Body $body): void
    {
        $this->responseHead = $head;
        $this->answer = $body;
        $this->advance();
    }

    public function canAdvance(): bool
    {
        return $this->answer !== null && $this->creditBytes > 0;
    }

    public function addCredit(int $sizeBytes): void
    {
        $this->creditBytes += $sizeBytes;
    }

    /** Sends a piece of the answer. What its body throws is the caller's to report. */
    public function advance(): void
    {
        $prefix = $this->responseHead === null ? '' : pack('N', strlen($this->responseHead)) . $this->responseHead;
        $roomBytes = min($this->creditBytes, self::PIECE_BYTES_MAX, Frame::PAYLOAD_BYTES_MAX - strlen($prefix));
        $piece = $this->answer->isAtEnd() ? '' : $this->answer->read($roomBytes);
        $isLast = $this->answer->isAtEnd();
        if ($piece === '' && !$isLast && $prefix === '') {
            return;
        }
        $this->creditBytes -= strlen($piece);
        $type = $prefix === '' ? Frame::DATA : Frame::RESPONSE;
        $this->responseHead = null;
        if (!$isLast) {
            $this->channel->send($type, $this->stream, $prefix . $piece);
            return;
        }
        $this->closeAnswer();
        $this->end();
        $this->channel->send($type, $this->stream, $prefix . $piece, Frame::FLAG_END);
    }

    /** Ends the stream with an error, unless its answer has left whole. */
    public function fail(\Throwable $thrown): void
    {
        if ($this->ended) {
            return;
        }
        try {
            $this->closeAnswer();
        } catch (\Throwable) {
            // The first failure is what is told.
        }
        $this->end();
        $this->channel->sendJson(Frame::ERROR, $this->stream, Failures::describe($thrown));
    }

    private function closeAnswer(): void
    {
        $answer = $this->answer;
        $this->answer = null;
        $answer?->close();
    }

    private function end(): void
    {
        ($this->onEnd)($this);
        $this->ended = true;
    }
}
