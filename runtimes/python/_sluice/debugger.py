"""For INIT with `debug`: debugpy listens, and the function is loaded when a client has come."""
import os
import sys

from .errors import RuntimeFailure


def wait_for_debugger(port, debugpy_folder, code_path):
    """Returns when a client has come and lets the process run. Raises RuntimeFailure when the port cannot be had."""
    # It would warn of modules that came with the interpreter, which nobody steps through here.
    os.environ['PYDEVD_DISABLE_FILE_VALIDATION'] = '1'
    # The other packages in that folder are not the function's.
    sys.path.append(debugpy_folder)
    try:
        import debugpy
    finally:
        sys.path.remove(debugpy_folder)
    try:
        debugpy.listen(('127.0.0.1', port))
    except Exception as error:
        message = 'no debugger can listen on 127.0.0.1:%d: %s' % (port, error)
        raise RuntimeFailure('DebuggerMissing', message) from None
    os.write(2, ('Waiting for a debugger on 127.0.0.1:%d; the code is in %s\n' % (port, code_path)).encode())
    debugpy.wait_for_client()
