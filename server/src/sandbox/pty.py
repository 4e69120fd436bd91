"""Runs a program on a terminal of its own: `python3 pty.py <columns> <rows> <pid file> -- <program> <argument>…`.

The pid file is empty text, or names a file in which the program writes the pid of another that it gives a terminal of
its own: then it only passes on what is typed, and sizes are set there too. What comes on stdin is typed, what the
terminal shows goes to stdout. Each line `<columns> <rows>` on descriptor 3 sets the size of the terminal; the end of
descriptor 3 kills the program. The program's exit code, or the signal that ended it, is ours too. (Node.js cannot open
terminals; Python can, everywhere, without anything installed.)
"""
import errno
import fcntl
import os
import resource
import selectors
import signal
import struct
import sys
import termios
import time
import tty

CONTROL = 3
READ_BYTES = 65536
# Typed text that the program does not read: beyond it no more is taken from stdin.
TYPED_BYTES_MAX = 65536
EXIT_NOT_STARTED = 127
PID_LOOKS_MAX = 100
PID_LOOK_SECONDS = 0.005


def set_size(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


def parse_size(columns, rows):
    return tuple(min(max(int(number), 1), 65535) for number in (columns, rows))


def read_pid(pid_file):
    """None when it is not written in time: OCI runtimes do so some milliseconds after the program begins."""
    for _ in range(PID_LOOKS_MAX):
        try:
            with open(pid_file) as file:
                return int(file.read())
        except (OSError, ValueError):
            time.sleep(PID_LOOK_SECONDS)


def set_size_of(pid_file, columns, rows):
    """Of the terminal that the program in the file has, if it has one."""
    try:
        terminal = os.open(f'/proc/{read_pid(pid_file)}/fd/0', os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        set_size(terminal, columns, rows)
    except OSError:
        pass
    finally:
        os.close(terminal)


def start(command, size, raw):
    """Returns the pid of the program and our end of its terminal."""
    terminal, inner = os.openpty()
    set_size(inner, *size)
    if raw:
        # Before anything can be typed: the change would drop it.
        tty.setraw(inner)
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            fcntl.ioctl(inner, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(inner, descriptor)
            for descriptor in (inner, terminal, CONTROL):
                os.close(descriptor)
            # Python ignores these for itself.
            for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(ignored, signal.SIG_DFL)
            os.execvp(command[0], command)
        except OSError as error:
            os.write(2, ('cannot run %s: %s\r\n' % (command[0], error.strerror)).encode())
        os._exit(EXIT_NOT_STARTED)
    os.close(inner)
    return pid, terminal


def write_all(descriptor, data):
    while data:
        data = data[os.write(descriptor, data):]


class Relay:
    def __init__(self, pid, terminal, pid_file):
        self.pid = pid
        self.pid_file = pid_file
        self.terminal = terminal
        self.typed = b''
        self.sizes = b''
        self.stdin_ended = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(terminal, selectors.EVENT_READ)
        self.selector.register(0, selectors.EVENT_READ)
        self.selector.register(CONTROL, selectors.EVENT_READ)
        os.set_blocking(terminal, False)

    def run(self):
        """Until the terminal has no program left, or nobody reads what it shows."""
        while True:
            # A size counts for what is typed after it.
            for key, events in sorted(self.selector.select(), key=lambda ready: ready[0].fd != CONTROL):
                if key.fd == 0:
                    self.read_stdin()
                elif key.fd == CONTROL:
                    self.read_control()
                elif events & selectors.EVENT_READ and not self.show():
                    return
                if self.typed:
                    self.type()

    def show(self):
        try:
            data = os.read(self.terminal, READ_BYTES)
        except BlockingIOError:
            return True
        except OSError as error:
            # How Linux says that no program has the terminal open any more.
            if error.errno == errno.EIO:
                return False
            raise
        if not data:
            return False
        try:
            write_all(1, data)
        except BrokenPipeError:
            self.kill()
            return False
        return True

    def read_stdin(self):
        data = os.read(0, READ_BYTES)
        if not data:
            self.stdin_ended = True
            # Ctrl-D, as at the end of what a person types.
            data = b'\x04'
        self.typed += data
        self.type()

    def type(self):
        try:
            self.typed = self.typed[os.write(self.terminal, self.typed):]
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self.typed = b''
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.typed else 0)
        self.selector.modify(self.terminal, events)
        wanted = not self.stdin_ended and len(self.typed) < TYPED_BYTES_MAX
        registered = 0 in self.selector.get_map()
        if wanted and not registered:
            self.selector.register(0, selectors.EVENT_READ)
        elif registered and not wanted:
            self.selector.unregister(0)

    def read_control(self):
        data = os.read(CONTROL, 4096)
        if not data:
            self.selector.unregister(CONTROL)
            self.kill()
            return
        *lines, self.sizes = (self.sizes + data).split(b'\n')
        for line in lines:
            size = parse_size(*line.split())
            set_size(self.terminal, *size)
            if self.pid_file:
                set_size_of(self.pid_file, *size)

    def kill(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def main(arguments):
    columns, rows, pid_file, separator, *command = arguments
    if separator != '--' or not command:
        sys.exit('usage: pty.py <columns> <rows> <pid file> -- <program> <argument>…')
    pid, terminal = start(command, parse_size(columns, rows), raw=pid_file != '')
    Relay(pid, terminal, pid_file).run()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


main(sys.argv[1:])
