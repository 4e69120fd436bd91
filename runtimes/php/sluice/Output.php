<?php
declare(strict_types=1);

namespace Sluice;

/** What the function prints, sent as LOG of the invocation that printed it. */
final class Output
{
    private const STREAM_FILTER = 'sluice.log';

    private LogStream $stdout;
    private LogStream $stderr;

    public function __construct(Channel $channel, \Closure $currentStream)
    {
        $this->stdout = new LogStream(1, $channel, $currentStream);
        $this->stderr = new LogStream(2, $channel, $currentStream);
        // What is written to the constants STDOUT and STDERR; to echo belongs the output buffer.
        stream_filter_register(self::STREAM_FILTER, LogFilter::class);
        stream_filter_append(STDOUT, self::STREAM_FILTER, STREAM_FILTER_WRITE, $this->stdout);
        stream_filter_append(STDERR, self::STREAM_FILTER, STREAM_FILTER_WRITE, $this->stderr);
        $this->startBuffer();
    }

    private function startBuffer(): void
    {
        $passesAtOnce = 1;
        ob_start(function (string $text, int $phase): string {
            $this->stdout->write($text);
            if (($phase & PHP_OUTPUT_HANDLER_FINAL) !== 0) {
                $this->stdout->finish();
            }
            return '';
        }, $passesAtOnce);
    }

    /** Prints what lies in output buffers that the function has left open. */
    public function closeBuffers(): void
    {
        while (ob_get_level() > 1) {
            ob_end_flush();
        }
        if (ob_get_level() === 0) {
            // Frameworks close all buffers that they find, ours too.
            $this->startBuffer();
        }
    }

    /** Sends what was printed without a line end. */
    public function finish(): void
    {
        $this->stdout->finish();
        $this->stderr->finish();
    }
}

/** A line leaves when it is whole, and when its invocation ends. */
final class LogStream
{
    private const PARTIAL_LENGTH_MAX = 32768;

    private string $partial = '';
    private int $partialStream = 0;

    public function __construct(
        private readonly int $descriptor,
        private readonly Channel $channel,
        private readonly \Closure $currentStream,
    ) {
    }

    public function write(string $text): void
    {
        $stream = ($this->currentStream)();
        if ($stream !== $this->partialStream) {
            $this->finish();
        }
        $this->partial .= $text;
        $this->partialStream = $stream;
        if (str_contains($text, "\n") || strlen($this->partial) >= self::PARTIAL_LENGTH_MAX) {
            $this->finish();
        }
    }

    public function finish(): void
    {
        if ($this->partial !== '') {
            $text = $this->partial;
            $this->partial = '';
            $this->channel->sendLog($this->partialStream, $this->descriptor, $text);
        }
    }
}

/** Gives what is written to a stream to the LogStream in its parameters, and nothing to the stream. */
final class LogFilter extends \php_user_filter
{
    public function filter($in, $out, &$consumed, bool $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            $consumed += $bucket->datalen;
            $this->params->write($bucket->data);
        }
        return PSFS_FEED_ME;
    }
}
