import json


def handler(event, context):
    """Called with the bytes of the event; what it returns is the answer."""
    print(f"got {len(event)} bytes")
    return json.dumps({"hello": event.decode() or "world", "requestId": context.request_id})
