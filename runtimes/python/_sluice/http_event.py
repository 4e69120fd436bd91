"""HTTP requests of generation 3: the request as a JSON event, the answer `{statusCode, headers, body, isBase64Encoded}`."""
import base64
import json
import time

from .errors import RuntimeFailure
from .wsgi import encode_head

HEADER_NAMES_KEPT_MAX = 256
JSON_HEAD = encode_head(200, [('Content-Type', 'application/json')])

_canonical_names = {}


def canonical_name(name):
    """`x-REQUEST-id` becomes `X-Request-Id`."""
    canonical = _canonical_names.get(name)
    if canonical is None:
        canonical = '-'.join(part[:1].upper() + part[1:].lower() for part in name.split('-'))
        if len(_canonical_names) < HEADER_NAMES_KEPT_MAX:
            _canonical_names[name] = canonical
    return canonical


def build_event(head, body, account_id):
    """The event as handlers get it: bytes of JSON."""
    headers = {}
    flat = iter(head['headers'])
    for name, value in zip(flat, flat):
        _append(headers, canonical_name(name), value)
    query_parameters = {}
    if head['query']:
        from urllib.parse import parse_qsl

        for name, value in parse_qsl(head['query'], keep_blank_values=True):
            _append(query_parameters, name, value)
    try:
        text, is_base64 = body.decode('utf-8'), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(body).decode('ascii'), True
    now = time.time()
    milliseconds = int(now * 1000)
    event = {
        'version': 'v1',
        'rawPath': head['rawPath'],
        'headers': headers,
        'queryParameters': query_parameters,
        'body': text,
        'isBase64Encoded': is_base64,
        'requestContext': {
            'accountId': account_id,
            'domainName': head['domainName'],
            'domainPrefix': head['domainName'].split('.', 1)[0],
            'requestId': head['requestId'],
            'time': time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)) + '.%03dZ' % (milliseconds % 1000),
            'timeEpoch': str(milliseconds),
            'triggerId': head['triggerId'],
            'http': {
                'method': head['method'],
                'path': head['path'],
                'protocol': head['protocol'],
                'sourceIp': head['clientIp'],
                'userAgent': headers.get('User-Agent', ''),
            },
        },
    }
    return json.dumps(event).encode()


def _append(target, name, value):
    target[name] = target[name] + ',' + value if name in target else value


def translate_answer(result, serialise):
    """What the handler returned, as head and body of RESPONSE. `serialise` makes bytes of any value."""
    answer = _as_http_answer(result)
    if answer is None:
        return JSON_HEAD, serialise(result)
    status = answer['statusCode']
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 200 <= status <= 599:
        raise _bad_answer('statusCode %r is not a status code, accepted are 200 to 599' % (status,))
    try:
        head = encode_head(status, _header_pairs(answer.get('headers') or {}))
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad_answer(str(error)) from None
    body = answer.get('body')
    if answer.get('isBase64Encoded') is True and isinstance(body, (str, bytes)):
        try:
            return head, base64.b64decode(body)
        except ValueError as error:
            raise _bad_answer('body is not base64: %s' % error) from None
    return head, serialise(body)


def _as_http_answer(result):
    """A dict with a statusCode, also when the handler has already written it as JSON; else None."""
    if isinstance(result, (str, bytes)):
        if (b'"statusCode"' if isinstance(result, bytes) else '"statusCode"') not in result:
            return None
        try:
            result = json.loads(result)
        except ValueError:
            return None
    return result if isinstance(result, dict) and result.get('statusCode') is not None else None


def _header_pairs(headers):
    """A list as value is a header that occurs more than once."""
    for name, value in headers.items():
        for item in value if isinstance(value, (list, tuple)) else (value,):
            yield name, item if isinstance(item, str) else json.dumps(item)


def _bad_answer(message):
    return RuntimeFailure('BadResponse', 'the answer to an HTTP request cannot be sent: ' + message)
