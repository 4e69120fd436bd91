"""From a handler such as `src/app.handler` to the function it names."""
import importlib

from .errors import RuntimeFailure, load_failure


def load_handler(handler):
    """The callable; raises RuntimeFailure. `a.b.f` is `f` of module `a.b`, or else `b.f` of module `a`."""
    folder, slash, name = handler.rpartition('/')
    parts = name.split('.')
    if len(parts) < 2 or not all(parts):
        raise RuntimeFailure('HandlerNotFound', "Handler '%s' is not of the form 'module.function'" % handler)
    prefix = folder.strip('./').replace('/', '.') + '.' if folder.strip('./') else ''
    missing = None
    for module_parts in range(len(parts) - 1, 0, -1):
        module_name = prefix + '.'.join(parts[:module_parts])
        try:
            module = importlib.import_module(module_name)
        except Exception as error:
            if not _is_missing(error, module_name):
                raise load_failure(error) from None
            missing = missing or error
            continue
        return _follow(module, folder + slash + '.'.join(parts[:module_parts]), parts[module_parts:])
    raise load_failure(missing)


def _is_missing(error, module_name):
    """Whether it is the module itself that does not exist, and not one that it imports."""
    if not isinstance(error, ModuleNotFoundError) or error.name is None:
        return False
    return module_name == error.name or module_name.startswith(error.name + '.')


def _follow(module, shown_name, path):
    target = module
    for name in path:
        target = getattr(target, name, None)
    if not callable(target):
        raise RuntimeFailure('HandlerNotFound', "Handler '%s' missing on module '%s'" % ('.'.join(path), shown_name))
    return target
