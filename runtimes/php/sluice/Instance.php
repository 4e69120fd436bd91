<?php
declare(strict_types=1);

namespace Sluice;

/**
 * One instance: INIT, then invocations and hooks, as the frames of the node ask for them. Handlers run one after another;
 * answers that wait for credit leave while others run.
 */
final class Instance
{
    private const PROTOCOL = 1;
    private const EXIT_CHANNEL_BROKEN = 70;
    /** A request body that a handler gets whole (Function Compute: 32 MB). */
    private const EVENT_BYTES_MAX = 32 * 1024 * 1024;
    private const EVENT_HEAD = '{}';

    private static self $instance;

    private Channel $channel;
    private Output $output;
    private Logger $logger;
    private ?array $init = null;
    private Context $contexts;
    private float $startedMs = 0;
    /** Files of the function that wait to be loaded. */
    private array $files = [];
    private ?Loader $handlerLoader = null;
    private ?Loader $initializerLoader = null;
    private ?\Throwable $loadError = null;
    private bool $isReady = false;
    /** @var ?callable */
    private $handler = null;
    private int $lastStream = 0;
    /** By stream. */
    private array $running = [];
    /** In whose course code runs. */
    private ?Invocation $current = null;
    /** Of handlers and hooks, in the order they came. */
    private \SplQueue $tasks;

    public static function the(): self
    {
        return self::$instance;
    }

    /** Connects, greets and waits for the function. */
    public static function open(string $channelPath): void
    {
        self::$instance = new self();
        self::$instance->guard(fn () => self::$instance->awaitFunction($channelPath));
    }

    /** Runs what reads the channel; when its rules are broken, the process ends. */
    private function guard(\Closure $work): void
    {
        try {
            $work();
        } catch (\Throwable $thrown) {
            // The channel is gone or not to be trusted, so this goes to the real stderr.
            file_put_contents('php://stderr', 'sluice: the channel broke: ' . $thrown->getMessage() . "\n");
            exit(self::EXIT_CHANNEL_BROKEN);
        }
    }

    // From HELLO to READY

    private function awaitFunction(string $channelPath): void
    {
        self::setVariables(['SLUICE_CHANNEL' => null]);
        $this->channel = new Channel($channelPath);
        $this->tasks = new \SplQueue();
        $hello = ['protocol' => self::PROTOCOL, 'runtime' => 'php', 'version' => PHP_VERSION, 'pid' => getmypid()];
        $this->channel->sendJson(Frame::HELLO, 0, $hello);
        $this->output = new Output($this->channel, fn (): int => $this->current?->stream ?? 0);
        $this->logger = $GLOBALS['fcLogger'] = new Logger();
        register_shutdown_function($this->onShutdown(...));
        while ($this->init === null) {
            $this->onFrame($this->channel->read(true));
        }
        $this->prepareFunction();
    }

    private function prepareFunction(): void
    {
        $this->startedMs = hrtime(true) / 1e6;
        $init = $this->init;
        $this->contexts = new Context($init);
        $this->logger->requestId = $init['requestId'];
        self::setVariables($init['environment']);
        self::setCredentialVariables($init['credentials']);
        chdir($init['codePath']);
        set_include_path(implode(PATH_SEPARATOR, [$init['codePath'], "{$init['layersPath']}/php"]));
        try {
            $this->handlerLoader = Loader::locate($init['codePath'], $init['function']['handler']);
            $this->files[] = $this->handlerLoader->file;
            if ($init['function']['initializer'] !== '') {
                $this->initializerLoader = Loader::locate($init['codePath'], $init['function']['initializer']);
                $this->files[] = $this->initializerLoader->file;
            }
        } catch (RuntimeFailure $failure) {
            $this->fileFailed($failure);
        }
    }

    /** The next file of the function that is to be loaded before `serve`; null when there is none. */
    public function nextFile(): ?string
    {
        return $this->files[0] ?? null;
    }

    public function fileLoaded(): void
    {
        array_shift($this->files);
    }

    public function fileFailed(\Throwable $thrown): void
    {
        $this->loadError = Failures::ofLoading($thrown);
        $this->files = [];
    }

    /** Initializes, says READY, and serves until the process ends. */
    public function serve(): never
    {
        $outcome = [];
        try {
            if ($this->loadError !== null) {
                throw $this->loadError;
            }
            $handler = $this->handlerLoader->resolve();
            if ($this->initializerLoader !== null) {
                $initialize = $this->initializerLoader->resolve();
                $outcome['loadMs'] = hrtime(true) / 1e6 - $this->startedMs;
                $this->call($initialize, $this->contexts->create(['requestId' => $this->init['requestId']]));
            }
            $this->handler = $handler;
        } catch (\Throwable $thrown) {
            $outcome['error'] = Failures::describe($thrown);
        }
        $this->output->closeBuffers();
        $this->output->finish();
        $this->isReady = true;
        $this->channel->sendJson(Frame::READY, 0, $outcome);
        $this->guard(function (): void {
            while (true) {
                $this->turn();
            }
        });
    }

    /** What the engine ends without an exception, such as a function that is declared twice, is told all the same. */
    private function onShutdown(): void
    {
        $this->output->closeBuffers();
        $this->output->finish();
        $fatal = Failures::fatal();
        if ($this->init !== null && !$this->isReady && $fatal !== null) {
            $this->channel->sendJson(Frame::READY, 0, ['error' => Failures::describe($fatal)]);
        }
    }

    private static function setVariables(array $variables): void
    {
        foreach ($variables as $name => $value) {
            putenv($value === null ? $name : "$name=$value");
            $_ENV[$name] = $_SERVER[$name] = $value;
            if ($value === null) {
                unset($_ENV[$name], $_SERVER[$name]);
            }
        }
    }

    private static function setCredentialVariables(array $credentials): void
    {
        if (($credentials['accessKeyId'] ?? '') === '') {
            return;
        }
        [$id, $secret] = [$credentials['accessKeyId'], $credentials['accessKeySecret'] ?? ''];
        $token = $credentials['securityToken'] ?? '';
        self::setVariables([
            'ALIBABA_CLOUD_ACCESS_KEY_ID' => $id, 'accessKeyID' => $id,
            'ALIBABA_CLOUD_ACCESS_KEY_SECRET' => $secret, 'accessKeySecret' => $secret,
            'ALIBABA_CLOUD_SECURITY_TOKEN' => $token, 'securityToken' => $token,
        ]);
    }

    // Frames in

    /** Takes the frames that are there, runs a handler that waits, sends pieces of answers; waits when there is nothing to do. */
    private function turn(): void
    {
        $this->takeFrames();
        if (!$this->tasks->isEmpty()) {
            ($this->tasks->dequeue())();
        }
        $isIdle = $this->tasks->isEmpty();
        foreach ($this->running as $invocation) {
            if ($invocation->canAdvance()) {
                $isIdle = false;
                $this->runFor($invocation, $invocation->advance(...));
            }
        }
        if ($isIdle) {
            $this->onFrame($this->channel->read(true));
        }
    }

    private function takeFrames(): void
    {
        while (($frame = $this->channel->read(false)) !== null) {
            $this->onFrame($frame);
        }
    }

    /** For a handler that waits for the body of its request: takes the next frame, whichever it is. */
    public function awaitFrame(): void
    {
        $this->guard(fn () => $this->onFrame($this->channel->read(true)));
    }

    private function onFrame(Frame $frame): void
    {
        match ($frame->type) {
            Frame::INVOKE => $this->invoke($frame),
            Frame::DATA => $this->receive($this->find($frame->stream), $frame->payload, $frame->isLast()),
            Frame::CREDIT => $this->find($frame->stream)?->addCredit($frame->number()),
            Frame::CANCEL => $this->cancel($this->find($frame->stream), $frame->payload),
            Frame::PING => $this->channel->send(Frame::PONG, 0, $frame->payload),
            Frame::HOOK => $this->openHook($frame),
            Frame::CREDENTIALS => $this->refreshCredentials($frame->json()),
            Frame::INIT => $this->takeInit($frame),
            default => throw new ChannelError("frame type $frame->type is none that the node sends"),
        };
    }

    private function takeInit(Frame $frame): void
    {
        if ($this->init !== null) {
            throw new ChannelError('INIT came twice');
        }
        $this->init = $frame->json();
    }

    private function openStream(int $stream): void
    {
        if ($this->handler === null) {
            throw new ChannelError("stream $stream was opened before READY");
        }
        if ($stream <= $this->lastStream) {
            throw new ChannelError("stream $stream was used before");
        }
        $this->lastStream = $stream;
    }

    /** The invocation of a stream; null when it has ended, and its last frames crossed ours. */
    private function find(int $stream): ?Invocation
    {
        if ($stream === 0 || $stream > $this->lastStream) {
            throw new ChannelError("stream $stream was never opened");
        }
        return $this->running[$stream] ?? null;
    }

    private function invoke(Frame $frame): void
    {
        $this->openStream($frame->stream);
        [$head, $body] = $frame->headAndBody();
        $invocation = new Invocation($this->channel, $frame->stream, $head, $this->onEnd(...));
        $this->running[$frame->stream] = $invocation;
        if ($this->isStreamed($invocation)) {
            $this->tasks->enqueue(fn () => $this->runFor($invocation, fn () => $this->serveHttp($invocation)));
        }
        $this->receive($invocation, $body, $frame->isLast());
    }

    private function isStreamed(Invocation $invocation): bool
    {
        return $this->init['generation'] === 2 && $invocation->head['kind'] === 'http';
    }

    private function receive(?Invocation $invocation, string $piece, bool $isLast): void
    {
        if ($invocation === null || $invocation->bodyEnded) {
            return;
        }
        $invocation->receive($piece, $isLast);
        if ($this->isStreamed($invocation)) {
            return;
        }
        if ($isLast) {
            $this->tasks->enqueue(fn () => $this->runFor($invocation, fn () => $this->serveEvent($invocation)));
        } elseif ($invocation->receivedBytes < self::EVENT_BYTES_MAX) {
            $invocation->grant(strlen($piece));
        }
    }

    private function cancel(?Invocation $invocation, string $reason): void
    {
        if ($invocation === null) {
            return;
        }
        $invocation->cancelReason = $reason;
        if ($invocation !== $this->current) {
            $this->runFor($invocation, fn () => $invocation->checkCancelled());
        }
    }

    private function refreshCredentials(array $credentials): void
    {
        self::setCredentialVariables($credentials);
        $this->contexts->refreshCredentials($credentials);
    }

    // Handlers

    /** Runs `$work`, which may be code of the function, in the name of an invocation, and reports what it throws. */
    private function runFor(Invocation $invocation, \Closure $work): void
    {
        if ($invocation->ended) {
            return;
        }
        $before = $this->current;
        $this->current = $invocation;
        try {
            $work();
        } catch (\Throwable $thrown) {
            $invocation->fail($thrown);
        } finally {
            $this->current = $before;
        }
    }

    private function serveEvent(Invocation $invocation): void
    {
        $context = $this->contextOf($invocation);
        $event = $invocation->takeReceived();
        $isHttp = $invocation->head['kind'] === 'http';
        if ($isHttp) {
            $event = HttpEvent::build($invocation->head, $event, $this->init['accountId']);
        }
        $result = $this->call($this->handler, $event, $context);
        [$head, $body] = $isHttp ? HttpEvent::translate($result) : [self::EVENT_HEAD, Results::serialise($result)];
        $sizeMax = $this->init['responseBytesMax'];
        if (strlen($body) > $sizeMax) {
            $message = 'the response has ' . strlen($body) . " bytes, at most $sizeMax are accepted";
            throw new RuntimeFailure('ResponseTooLarge', $message);
        }
        $this->answer($invocation, $head, new StringBody($body));
    }

    private function serveHttp(Invocation $invocation): void
    {
        $context = $this->contextOf($invocation);
        $request = WebRequest::build($invocation, $this->awaitFrame(...));
        $this->answer($invocation, ...WebResponse::translate($this->call($this->handler, $request, $context)));
    }

    private function call(callable $function, mixed ...$arguments): mixed
    {
        try {
            return $function(...$arguments);
        } finally {
            $this->output->closeBuffers();
        }
    }

    private function contextOf(Invocation $invocation): array
    {
        $this->logger->requestId = $invocation->requestId;
        return $this->contexts->create($invocation->head);
    }

    private function answer(Invocation $invocation, string $head, Body $body): void
    {
        // Cancelled while the handler ran, when nobody read the channel.
        $this->guard($this->takeFrames(...));
        $invocation->checkCancelled();
        $invocation->answer($head, $body);
    }

    private function onEnd(Invocation $invocation): void
    {
        $this->output->finish();
        unset($this->running[$invocation->stream]);
    }

    private function openHook(Frame $frame): void
    {
        $this->openStream($frame->stream);
        ['name' => $name, 'requestId' => $requestId] = $frame->json() + ['name' => '', 'requestId' => ''];
        $this->tasks->enqueue(fn () => $this->runHook($frame->stream, $name, $requestId));
    }

    private function runHook(int $stream, string $name, string $requestId): void
    {
        $outcome = [];
        try {
            $handler = in_array($name, ['preFreeze', 'preStop'], true) ? $this->init['function'][$name] ?? '' : '';
            if ($handler !== '') {
                $loader = Loader::locate($this->init['codePath'], $handler);
                $loader->load();
                $this->logger->requestId = $requestId;
                $this->call($loader->resolve(), $this->contexts->create(['requestId' => $requestId]));
            }
        } catch (\Throwable $thrown) {
            $outcome['error'] = Failures::describe($thrown);
        }
        $this->output->finish();
        $this->channel->sendJson(Frame::HOOK_DONE, $stream, $outcome);
    }
}
