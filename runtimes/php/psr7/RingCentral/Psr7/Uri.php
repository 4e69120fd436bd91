<?php
declare(strict_types=1);

namespace RingCentral\Psr7;

use Psr\Http\Message\UriInterface;

class Uri implements UriInterface
{
    private const STANDARD_PORTS = ['http' => 80, 'https' => 443];
    /** What a path, a query or a fragment may hold besides what is already escaped. */
    private const TO_ESCAPE = '/[^A-Za-z0-9_\-.~!$&\'()*+,;=:@%\/?]|%(?![0-9A-Fa-f]{2})/';

    private string $scheme;
    private string $userInfo;
    private string $host;
    private ?int $port;
    private string $path;
    private string $query;
    private string $fragment;

    public function __construct($uri = '')
    {
        $parts = parse_url((string) $uri);
        if ($parts === false) {
            throw new \InvalidArgumentException("$uri is not a URI");
        }
        $this->scheme = strtolower($parts['scheme'] ?? '');
        $this->userInfo = ($parts['user'] ?? '') . (isset($parts['pass']) ? ":{$parts['pass']}" : '');
        $this->host = strtolower($parts['host'] ?? '');
        $this->port = $parts['port'] ?? null;
        $this->path = self::escape($parts['path'] ?? '');
        $this->query = self::escape($parts['query'] ?? '');
        $this->fragment = self::escape($parts['fragment'] ?? '');
    }

    private static function escape(string $text): string
    {
        return preg_replace_callback(self::TO_ESCAPE, fn (array $match) => rawurlencode($match[0]), $text);
    }

    private function with(string $name, $value): static
    {
        $copy = clone $this;
        $copy->$name = $value;
        return $copy;
    }

    public function getScheme(): string
    {
        return $this->scheme;
    }

    public function getAuthority(): string
    {
        $user = $this->userInfo === '' ? '' : "$this->userInfo@";
        $port = $this->getPort() === null ? '' : ":$this->port";
        return $this->host === '' ? '' : $user . $this->host . $port;
    }

    public function getUserInfo(): string
    {
        return $this->userInfo;
    }

    public function getHost(): string
    {
        return $this->host;
    }

    public function getPort(): ?int
    {
        return (self::STANDARD_PORTS[$this->scheme] ?? null) === $this->port ? null : $this->port;
    }

    public function getPath(): string
    {
        return $this->path;
    }

    public function getQuery(): string
    {
        return $this->query;
    }

    public function getFragment(): string
    {
        return $this->fragment;
    }

    public function withScheme($scheme): static
    {
        return $this->with('scheme', strtolower($scheme));
    }

    public function withUserInfo($user, $password = null): static
    {
        return $this->with('userInfo', $user . ($password === null || $password === '' ? '' : ":$password"));
    }

    public function withHost($host): static
    {
        return $this->with('host', strtolower($host));
    }

    public function withPort($port): static
    {
        if ($port !== null && ($port < 0 || $port > 65535)) {
            throw new \InvalidArgumentException("$port is not a port, accepted are 0 to 65535");
        }
        return $this->with('port', $port === null ? null : (int) $port);
    }

    public function withPath($path): static
    {
        return $this->with('path', self::escape($path));
    }

    public function withQuery($query): static
    {
        return $this->with('query', self::escape($query));
    }

    public function withFragment($fragment): static
    {
        return $this->with('fragment', self::escape($fragment));
    }

    public function __toString(): string
    {
        $authority = $this->getAuthority();
        $path = $authority !== '' && $this->path !== '' && $this->path[0] !== '/' ? "/$this->path" : $this->path;
        return ($this->scheme === '' ? '' : "$this->scheme:")
            . ($authority === '' ? '' : "//$authority")
            . $path
            . ($this->query === '' ? '' : "?$this->query")
            . ($this->fragment === '' ? '' : "#$this->fragment");
    }
}
