import json


def handler(event, context):
    """Called with the HTTP request as JSON; what it returns is the HTTP response."""
    request = json.loads(event)
    http = request["requestContext"]["http"]
    print(http["method"], http["path"])
    name = (request.get("queryParameters") or {}).get("name", "world")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": f"Hello, {name}!\n",
    }
