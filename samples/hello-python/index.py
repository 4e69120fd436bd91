import json
import logging
import platform

logger = logging.getLogger()


def handler(event, context):
    """Answers an HTTP request (`curl http://…/?name=Ada`) and a plain event (`{"name": "Ada"}`).

    Over HTTP the event is the request as JSON, and the returned dictionary is the response.
    """
    request = json.loads(event) if event else {}
    over_http = "http" in request.get("requestContext", {})
    fields = request.get("queryParameters") or {} if over_http else request
    name = fields.get("name") or "world"
    greeting = {
        "message": f"Hello, {name}!",
        "runtime": f"Python {platform.python_version()}",
        "requestId": context.request_id,
    }
    logger.info("greeting %s", name)
    if not over_http:
        return greeting
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "body": json.dumps(greeting),
    }
