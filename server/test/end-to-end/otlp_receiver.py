"""Receives exports by OTLP over HTTP, read strictly by the official definitions; prints what came, one JSON object a line."""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToDict, MessageToJson, Parse
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

SIGNALS = {
    '/base/v1/traces': (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
    '/base/v1/logs': (logs.ExportLogsServiceRequest, logs.ExportLogsServiceResponse),
    '/base/v1/metrics': (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
}


class Receiver(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        request, response = SIGNALS[self.path]
        told = {'path': self.path, 'authorization': self.headers['authorization'], 'type': self.headers['content-type']}
        try:
            # Ids are hexadecimal digits in OTLP, where JSON of protobuf has base64: these digits are that, too, and come out again.
            told['message'] = MessageToDict(Parse(body.decode(), request(), ignore_unknown_fields=False))
            status, answer = 200, MessageToJson(response()).encode()
        except Exception as error:
            told['error'] = f'{error}: {body[:500]!r}'
            status, answer = 400, b'{}'
        with printing:
            print(json.dumps(told), flush=True)
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


# Requests come beside each other, and a line and its end are two writes.
printing = threading.Lock()
server = ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Receiver)
print(json.dumps({'ready': True}), flush=True)
server.serve_forever()
