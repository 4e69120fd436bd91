"""One event loop on a thread of its own, for `async def` handlers of all workers."""
import asyncio
import threading

_loop = None
_starting = threading.Lock()


def run(awaitable):
    """Runs to its end on the loop, in the context of the caller, and gives back the result."""
    return asyncio.run_coroutine_threadsafe(_as_coroutine(awaitable), _running_loop()).result()


async def _as_coroutine(awaitable):
    return await awaitable


def _running_loop():
    global _loop
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name='event-loop', daemon=True).start()
    return _loop
