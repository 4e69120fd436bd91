<?php
declare(strict_types=1);

namespace RingCentral\Psr7;

use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Message\UriInterface;

class ServerRequest implements ServerRequestInterface
{
    use MessageTrait;

    private string $method;
    private UriInterface $uri;
    private ?string $requestTarget = null;
    private array $serverParams;
    private array $cookieParams = [];
    private array $queryParams = [];
    private array $uploadedFiles = [];
    private $parsedBody = null;
    private array $attributes = [];

    public function __construct(
        $method,
        $uri,
        array $headers = [],
        $body = null,
        $protocolVersion = '1.1',
        array $serverParams = [],
    ) {
        $this->method = (string) $method;
        $this->uri = $uri instanceof UriInterface ? $uri : new Uri((string) $uri);
        $this->serverParams = $serverParams;
        $this->setMessage($headers, $body, $protocolVersion);
        if (!$this->hasHeader('Host') && $this->uri->getHost() !== '') {
            $this->addHeader('Host', $this->uri->getAuthority());
        }
    }

    /** A copy in which property `$name` has another value. */
    private function with(string $name, $value): static
    {
        $copy = clone $this;
        $copy->$name = $value;
        return $copy;
    }

    public function getRequestTarget(): string
    {
        $query = $this->uri->getQuery();
        return $this->requestTarget ?? ($this->uri->getPath() ?: '/') . ($query === '' ? '' : "?$query");
    }

    public function withRequestTarget($requestTarget): static
    {
        return $this->with('requestTarget', (string) $requestTarget);
    }

    public function getMethod(): string
    {
        return $this->method;
    }

    public function withMethod($method): static
    {
        return $this->with('method', (string) $method);
    }

    public function getUri(): UriInterface
    {
        return $this->uri;
    }

    public function withUri(UriInterface $uri, $preserveHost = false): static
    {
        $copy = $this->with('uri', $uri);
        $keepsHost = $preserveHost && $this->getHeaderLine('Host') !== '';
        return $keepsHost || $uri->getHost() === '' ? $copy : $copy->withHeader('Host', $uri->getAuthority());
    }

    public function getServerParams(): array
    {
        return $this->serverParams;
    }

    public function getCookieParams(): array
    {
        return $this->cookieParams;
    }

    public function withCookieParams(array $cookies): static
    {
        return $this->with('cookieParams', $cookies);
    }

    public function getQueryParams(): array
    {
        return $this->queryParams;
    }

    public function withQueryParams(array $query): static
    {
        return $this->with('queryParams', $query);
    }

    public function getUploadedFiles(): array
    {
        return $this->uploadedFiles;
    }

    public function withUploadedFiles(array $uploadedFiles): static
    {
        return $this->with('uploadedFiles', $uploadedFiles);
    }

    public function getParsedBody()
    {
        return $this->parsedBody;
    }

    public function withParsedBody($data): static
    {
        return $this->with('parsedBody', $data);
    }

    public function getAttributes(): array
    {
        return $this->attributes;
    }

    public function getAttribute($name, $default = null)
    {
        return array_key_exists($name, $this->attributes) ? $this->attributes[$name] : $default;
    }

    public function withAttribute($name, $value): static
    {
        return $this->with('attributes', [$name => $value] + $this->attributes);
    }

    public function withoutAttribute($name): static
    {
        return $this->with('attributes', array_diff_key($this->attributes, [$name => null]));
    }
}
