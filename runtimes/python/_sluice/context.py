"""The `context` argument of handlers. What all invocations share is built once per instance."""


class Credentials:
    """Keys of the function's role."""

    def __init__(self, values):
        self.refresh(values)

    def refresh(self, values):
        self.access_key_id = values.get('accessKeyId', '')
        self.access_key_secret = values.get('accessKeySecret', '')
        self.security_token = values.get('securityToken', '')

    @property
    def accessKeyId(self):
        return self.access_key_id

    @property
    def accessKeySecret(self):
        return self.access_key_secret

    @property
    def securityToken(self):
        return self.security_token


class FunctionMeta:
    def __init__(self, values):
        self.name = values['name']
        self.handler = values['handler']
        self.memory = values['memory']
        self.timeout = values['timeout']
        self.initializer = values.get('initializer', '')
        self.initialization_timeout = values.get('initializationTimeout', 0)


class ServiceMeta:
    def __init__(self, values, qualifier):
        self.name = values['name']
        self.log_project = values['logProject']
        self.log_store = values['logStore']
        self.qualifier = qualifier
        self.version_id = values['versionId']


class Tracing:
    def __init__(self, values):
        self.span_context = values.get('openTracingSpanContext', '')
        self.span_baggages = values.get('openTracingSpanBaggages', {})
        self.jaeger_endpoint = values.get('jaegerEndpoint', '')
        self.traceparent = values.get('traceparent', '')
        self.tracestate = values.get('tracestate', '')
        self.baggage = values.get('baggage', '')

    def w3c(self):
        """Headers with which a call of another service is part of the trace."""
        names = ('traceparent', 'tracestate', 'baggage')
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class Context:
    def __init__(self, shared, head):
        self.request_id = head['requestId']
        self.credentials = shared.credentials
        self.function = shared.function
        self.service = shared.service_for(head.get('qualifier'))
        self.region = shared.region
        self.account_id = shared.account_id
        self.retry_count = head.get('retryCount', 0)
        self.tracing = Tracing(head.get('tracing') or {})

    @property
    def requestId(self):
        return self.request_id

    @property
    def accountId(self):
        return self.account_id

    def to_json(self):
        """The context as JSON text, in the spelling that all languages share."""
        import json

        return json.dumps({
            'requestId': self.request_id,
            'credentials': {
                'accessKeyId': self.credentials.access_key_id,
                'accessKeySecret': self.credentials.access_key_secret,
                'securityToken': self.credentials.security_token,
            },
            'function': {
                'name': self.function.name,
                'handler': self.function.handler,
                'memory': self.function.memory,
                'timeout': self.function.timeout,
                'initializer': self.function.initializer,
                'initializationTimeout': self.function.initialization_timeout,
            },
            'service': {
                'name': self.service.name,
                'logProject': self.service.log_project,
                'logStore': self.service.log_store,
                'qualifier': self.service.qualifier,
                'versionId': self.service.version_id,
            },
            'region': self.region,
            'accountId': self.account_id,
            'retryCount': self.retry_count,
            'tracing': {
                'openTracingSpanContext': self.tracing.span_context,
                'openTracingSpanBaggages': self.tracing.span_baggages,
                'jaegerEndpoint': self.tracing.jaeger_endpoint,
                **self.tracing.w3c(),
            },
        })


class Contexts:
    """Makes the context of each invocation of an instance; `init` is the payload of INIT."""

    def __init__(self, init):
        self.credentials = Credentials(init['credentials'])
        self.function = FunctionMeta(init['function'])
        self._service = ServiceMeta(init['service'], init['service']['qualifier'])
        self.region = init['region']
        self.account_id = init['accountId']
        self._service_values = init['service']

    def service_for(self, qualifier):
        """`qualifier`: what the caller named; None for that of the instance."""
        if qualifier is None:
            qualifier = self._service_values['qualifier']
        service = self._service
        if service.qualifier != qualifier:
            service = self._service = ServiceMeta(self._service_values, qualifier)
        return service

    def create(self, head):
        return Context(self, head)
