"""What a caller is told of a failure: `{errorMessage, errorType, stackTrace, handled}`, bounded to fit one frame."""
import os

MESSAGE_LENGTH_MAX = 65536
STACK_LINES_MAX = 64
STACK_LINE_LENGTH_MAX = 1024
RUNTIME_FOLDER = os.path.dirname(os.path.abspath(__file__))


class RuntimeFailure(Exception):
    """A failure found by the runtime itself; the handler never had the chance to report it."""

    def __init__(self, error_type, message, stack_trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack_trace = stack_trace


class InvocationCancelled(Exception):
    """The answer is no longer wanted; raised where a handler reads or writes its streams."""


def describe_error(error):
    if isinstance(error, RuntimeFailure):
        return _shape(str(error), error.error_type, error.stack_trace, False)
    try:
        message = str(error)
    except Exception:  # the handler's own __str__ may fail
        message = 'the error cannot be described: its __str__ failed'
    return _shape(message, type(error).__name__, stack_lines(error), True)


def load_failure(error):
    """What went wrong while the module of the function was imported, as RuntimeFailure."""
    if isinstance(error, RuntimeFailure):
        return error
    if isinstance(error, ImportError):
        return RuntimeFailure('ImportModuleError', str(error), stack_lines(error))
    if isinstance(error, SyntaxError):
        import traceback

        lines = [line.rstrip() for line in traceback.format_exception_only(type(error), error)]
        return RuntimeFailure('UserCodeSyntaxError', str(error), lines)
    return RuntimeFailure('FunctionUnhandledError: ' + type(error).__name__, str(error), stack_lines(error))


def stack_lines(error):
    """One text per frame, of the function's own code."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__, limit=-STACK_LINES_MAX)
    own = [frame for frame in frames if not _is_ours(frame.filename)]
    return [line.rstrip() for line in traceback.format_list(own)]


def _is_ours(filename):
    return filename.startswith(RUNTIME_FOLDER) or filename.startswith('<frozen importlib')


def _shape(message, error_type, stack_trace, handled):
    return {
        'errorMessage': message[:MESSAGE_LENGTH_MAX],
        'errorType': error_type[:STACK_LINE_LENGTH_MAX],
        'stackTrace': [line[:STACK_LINE_LENGTH_MAX] for line in stack_trace[:STACK_LINES_MAX]],
        'handled': handled,
    }
