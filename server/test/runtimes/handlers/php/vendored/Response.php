<?php

namespace RingCentral\Psr7;

class Response
{
    public function getStatusCode()
    {
        return 203;
    }

    public function getHeaders()
    {
        return ['X-Class' => 'its own'];
    }

    public function getBody()
    {
        return 'a body of plain text';
    }
}
