import os
import sys

# What requirements.txt names is installed beside this file.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "packages"))

from flask import Flask, request  # noqa: E402
from waitress import serve  # noqa: E402

app = Flask(__name__)


@app.get("/")
def hello():
    print("request", request.headers.get("x-fc-request-id"), flush=True)
    name = request.args.get("name", "world")
    return f"Hello, {name}!\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


if __name__ == "__main__":
    # Function Compute keeps its connections: they may be idle for 15 minutes.
    serve(app, host="0.0.0.0", port=int(os.environ.get("FC_SERVER_PORT", "9000")), channel_timeout=900, threads=10)
