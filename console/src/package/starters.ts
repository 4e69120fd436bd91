/** The first code of a new function, in each language that needs no compiler. */
import { bytesOf } from './text.ts'
import { FILE_MODE, type PackageFile, PROGRAM_MODE } from './zip.ts'

export interface Starter {
  handler: string
  files: Record<string, string>
}

export type StarterKind = 'event' | 'http'

const nodejs: Record<StarterKind, string> = {
  event: `'use strict'

// The event comes as bytes; what is returned is the answer.
exports.handler = async (event, context) => {
  const { name = 'world' } = JSON.parse(event.toString() || '{}')
  console.log(\`saying hello to \${name}\`)
  return { message: \`Hello, \${name}!\`, requestId: context.requestId }
}
`,
  http: `'use strict'

// The HTTP request comes as JSON; what is returned is the response.
exports.handler = async (event) => {
  const request = JSON.parse(event.toString())
  const { method, path } = request.requestContext.http
  console.log(method, path)
  const name = request.queryParameters?.name ?? 'world'
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: \`Hello, \${name}!\\n\`,
  }
}
`,
}

const python: Record<StarterKind, string> = {
  event: `import json


def handler(event, context):
    """The event comes as bytes; what is returned is the answer."""
    name = json.loads(event or b"{}").get("name", "world")
    print(f"saying hello to {name}")
    return {"message": f"Hello, {name}!", "requestId": context.request_id}
`,
  http: `import json


def handler(event, context):
    """The HTTP request comes as JSON; what is returned is the response."""
    request = json.loads(event)
    http = request["requestContext"]["http"]
    print(http["method"], http["path"])
    name = (request.get("queryParameters") or {}).get("name", "world")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": f"Hello, {name}!\\n",
    }
`,
}

const php: Record<StarterKind, string> = {
  event: `<?php

/** The event comes as a string; what is returned is the answer. */
function handler($event, $context)
{
    $name = json_decode($event ?: '{}', true)['name'] ?? 'world';
    echo "saying hello to $name\\n";
    return json_encode(['message' => "Hello, $name!", 'requestId' => $context['requestId']]);
}
`,
  http: `<?php

/** The HTTP request comes as JSON; what is returned is the response. */
function handler($event, $context)
{
    $request = json_decode($event, true);
    $http = $request['requestContext']['http'];
    echo $http['method'] . ' ' . $http['path'] . "\\n";
    $name = $request['queryParameters']['name'] ?? 'world';
    return json_encode([
        'statusCode' => 200,
        'headers' => ['Content-Type' => 'text/plain; charset=utf-8'],
        'body' => "Hello, $name!\\n",
    ]);
}
`,
}

/** One server for events and requests: both come over HTTP. */
const custom = `#!/usr/bin/env python3
"""Answers events (POST /invoke) and HTTP requests on the port that the platform tells."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        print(self.command, self.path, body, flush=True)
        text = json.dumps({"path": self.path, "body": body}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("0.0.0.0", int(os.environ["FC_SERVER_PORT"])), Handler).serve_forever()
`

/** Undefined for runtimes whose code is compiled, or is an image: there a package is uploaded, or named. */
export function starterFor(runtime: string, kind: StarterKind): Starter | undefined {
  if (runtime.startsWith('nodejs')) return { handler: 'index.handler', files: { 'index.js': nodejs[kind] } }
  if (runtime.startsWith('python')) return { handler: 'index.handler', files: { 'index.py': python[kind] } }
  if (runtime.startsWith('php')) return { handler: 'index.handler', files: { 'index.php': php[kind] } }
  if (runtime.startsWith('custom') && runtime !== 'custom-container') {
    return { handler: 'index.handler', files: { bootstrap: custom } }
  }
  return undefined
}

export function starterPackage({ files }: Starter): PackageFile[] {
  return Object.entries(files).map(([path, text]) => ({
    path,
    bytes: bytesOf(text),
    mode: text.startsWith('#!') ? PROGRAM_MODE : FILE_MODE,
  }))
}
