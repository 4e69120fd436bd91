"""Keeps the kernel's side of the oci sandboxes: mounts, network namespaces, and the children that an OCI runtime leaves.

A process of its own because starting a program costs a large Node.js process some 5 ms of its event loop, and because
mounts made in a mount namespace of its own go with it, however it ends. It decides nothing: it does one request after
another, each a line of JSON on stdin, and answers with lines of JSON on stdout. It ends, and all sandboxes with it,
when stdin closes. The requests are described in keeper.ts, which sends them.
"""
import contextlib
import ctypes
import errno
import fcntl
import json
import os
import selectors
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

# Nothing else is looked for where we lie, and nothing written there.
sys.dont_write_bytecode = True
sys.path.append(os.path.dirname(os.path.abspath(__file__)))
import loop_disk  # noqa: E402

CLONE_NEWNS = 0x20000
CLONE_NEWNET = 0x40000000
CLONE_NEWUSER = 0x10000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_NOATIME, MS_BIND, MS_MOVE = 1, 2, 4, 32, 1024, 4096, 8192
MS_REC, MS_PRIVATE, MS_SLAVE, MS_SHARED = 16384, 1 << 18, 1 << 19, 1 << 20
MNT_DETACH = 2
# System calls that the C library may not have, with the same numbers on every machine; and their flags.
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_EMPTY_PATH = -100, 0x1000
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_IDMAP = 1, 2, 4, 0x100000
# ioctl of ext4, and its argument: nothing is written to the disk any more.
EXT4_IOC_SHUTDOWN, SHUTDOWN_NO_FLUSH = 0x8004587D, struct.pack("I", 2)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
# Of one program and stream.
OUTPUT_BYTES_MAX = 1 << 20
# For a container's first process that has ended to become our child, and between two looks.
ADOPTION_SECONDS_MAX, ADOPTION_LOOK_SECONDS = 1, 0.001
# For a program that was killed to be gone; one that hangs in the kernel is given up.
KILLED_SECONDS_MAX = 2

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, flags):
    check(libc.mount(source.encode() if source else None, target.encode(), None, ctypes.c_ulong(flags), None), f"mount on {target}")


def unmount(target):
    if libc.umount2(target.encode(), MNT_DETACH) != 0:
        code = ctypes.get_errno()
        if code not in (errno.EINVAL, errno.ENOENT):
            raise OSError(code, f"unmount {target}: {os.strerror(code)}")


def mount_as(source, target, owner, owners):
    """Shows a folder read-only with other owners: user 0 is `owner` there, user 1 the one after it, and so on."""
    tree = libc.syscall(OPEN_TREE, AT_FDCWD, source.encode(), OPEN_TREE_CLONE | os.O_CLOEXEC)
    check(min(tree, 0), f"open {source}")
    try:
        with user_namespace(owner, owners) as namespace:
            flags = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
            attributes = struct.pack("=QQQQ", flags, 0, 0, namespace)
            result = libc.syscall(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes))
        check(result, "the file system of the image cannot be shown with other owners (idmapped mounts)")
        check(libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH), f"mount on {target}")
    finally:
        os.close(tree)


@contextlib.contextmanager
def user_namespace(owner, owners):
    """A namespace in which the users from 0 on are the host's from `owner` on. A process has to make it, and ends."""
    ready, made = os.pipe()
    pid = os.fork()
    if pid == 0:
        die_with_keeper()
        if libc.unshare(CLONE_NEWUSER) == 0:
            os.write(made, b"1")
            signal.pause()
        os._exit(1)
    try:
        os.close(made)
        if os.read(ready, 1) == b"":
            raise OSError(errno.EPERM, "a user namespace cannot be made")
        for kind in ("uid", "gid"):
            with open(f"/proc/{pid}/{kind}_map", "w") as file:
                file.write(f"0 {owner} {owners}")
        namespace = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield namespace
        finally:
            os.close(namespace)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def memory_file(content):
    file = os.memfd_create("keeper", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with open(file, "wb", closefd=False) as writer:
        writer.write(content)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def bounded_file():
    """A file in memory that takes no more than OUTPUT_BYTES_MAX: who writes on gets an error."""
    file = memory_file(b"")
    os.ftruncate(file, OUTPUT_BYTES_MAX)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return file


def die_with_keeper():
    """Between fork and exec: a program must not finish what it is at (a container, a mount) for a keeper that is gone."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Program:
    """A program that runs on behalf of one request, with its output in memory."""

    def __init__(self, request, stdout=None, stderr=None):
        self.deadline = time.monotonic() + request["timeoutMs"] / 1000
        self.request = request
        self.timed_out = False
        self.is_given_up = False
        self.files = [memory_file(request.get("input", "").encode()), bounded_file(), bounded_file()]
        try:
            self.process = subprocess.Popen(
                request["command"],
                stdin=self.files[0],
                stdout=self.files[1] if stdout is None else stdout,
                stderr=self.files[2] if stderr is None else stderr,
                env=request["environment"],
                start_new_session=True,
                preexec_fn=die_with_keeper,
            )
        except OSError:
            self.close_files()
            raise
        self.pidfd = os.pidfd_open(self.process.pid)

    def close_files(self):
        for file in self.files:
            os.close(file)

    def kill(self):
        self.timed_out = True
        self.deadline = time.monotonic() + KILLED_SECONDS_MAX
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def result(self):
        """After its end: exit code and what it printed."""
        code = self.process.wait()
        # The program wrote through our own file, so where it ended is where we are.
        texts = [os.pread(file, os.lseek(file, 0, os.SEEK_CUR), 0).decode(errors="replace") for file in self.files[1:]]
        self.close_files()
        os.close(self.pidfd)
        return {"code": code, "stdout": texts[0], "stderr": texts[1], "timedOut": self.timed_out}


class Keeper:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.programs = {}
        self.inits = {}
        self.init_pids = {}
        # Ended, but still children of a process that the OCI runtime has left and that is just ending: name to deadline.
        self.unadopted = {}
        self.input = b""
        self.own_network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def run(self):
        os.set_blocking(0, False)
        self.selector.register(0, selectors.EVENT_READ, self.read)
        while True:
            for key, _ in self.selector.select(self.next_timeout()):
                if key.data() is False:
                    return
            for name in list(self.unadopted):
                self.bury(name)
            self.reap_orphans()
            now = time.monotonic()
            for program in list(self.programs.values()):
                if program.deadline <= now and not program.is_given_up:
                    self.overdue(program)

    def overdue(self, program):
        """Ends a program; one that does not end even so is answered for, and buried whenever it ends."""
        if not program.timed_out:
            program.kill()
            return
        program.is_given_up = True
        self.send({"n": program.request["n"], "code": None, "stdout": "", "stderr": "", "timedOut": True})

    def reap_orphans(self):
        """What an OCI runtime left behind, beside the first process of its container, is ours to bury."""
        if any("pidFile" in program.request for program in self.programs.values()):
            # One of them may be the first process of a container that has not been told yet.
            return
        known = {program.process.pid for program in self.programs.values()} | set(self.init_pids.values())
        try:
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid not in known:
                os.waitpid(ended.si_pid, 0)
        except ChildProcessError:
            pass

    def next_timeout(self):
        deadlines = [program.deadline for program in self.programs.values() if not program.is_given_up]
        if self.unadopted:
            return ADOPTION_LOOK_SECONDS
        return max(0, min(deadlines) - time.monotonic()) if deadlines else None

    def read(self):
        chunk = os.read(0, 1 << 20)
        if not chunk:
            return False
        *lines, self.input = (self.input + chunk).split(b"\n")
        for line in lines:
            self.handle(json.loads(line))
        return True

    def handle(self, request):
        try:
            answer = getattr(self, "do_" + request["do"])(request)
            if answer is not None:
                self.send({"n": request["n"], **answer})
        except Exception as error:
            self.fail(request, error)

    def fail(self, request, error):
        self.send({"n": request["n"], "error": getattr(error, "strerror", None) or str(error)})

    def send(self, message):
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(1, data):]

    # ---- requests ----

    def do_open(self, request):
        """A mount namespace of our own in which only `shared` passes mounts on to the sandboxes."""
        os.umask(0o077)
        check(libc.unshare(CLONE_NEWNS), "unshare")
        check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
        mount(None, "/", MS_REC | MS_SLAVE)
        mount(request["shared"], request["shared"], MS_BIND)
        mount(None, request["shared"], MS_SHARED)
        for path in request["hidden"]:
            unmount(path)
        return {}

    def do_run(self, request):
        program = Program(request)
        self.programs[program.pidfd] = program
        self.selector.register(program.pidfd, selectors.EVENT_READ, lambda: self.ran(program))

    def ran(self, program):
        self.selector.unregister(program.pidfd)
        del self.programs[program.pidfd]
        result = program.result()
        if not program.is_given_up:
            self.send({"n": program.request["n"], **result})

    def do_pipes(self, request):
        """Named pipes that belong to the user of a sandbox, who may open them again as /dev/stdout."""
        for path in request["paths"]:
            os.mkfifo(path, 0o600)
            os.chown(path, request["user"], request["user"])
        return {}

    def do_start(self, request):
        """Runs an OCI runtime that leaves a container behind, whose first process becomes a child of ours."""
        pipes = []
        try:
            for path in request["pipes"]:
                pipes.append(os.open(path, os.O_RDWR | os.O_CLOEXEC))
            program = Program(request, *pipes)
        finally:
            for pipe in pipes:
                os.close(pipe)
        self.programs[program.pidfd] = program
        self.selector.register(program.pidfd, selectors.EVENT_READ, lambda: self.started(program))

    def started(self, program):
        request = program.request
        self.selector.unregister(program.pidfd)
        del self.programs[program.pidfd]
        result = program.result()
        if program.is_given_up:
            return
        try:
            if result["code"] == 0:
                with open(request["pidFile"]) as file:
                    self.watch(request["id"], int(file.read()))
            self.send({"n": request["n"], **result})
        except Exception as error:
            self.fail(request, error)

    def watch(self, name, pid):
        pidfd = os.pidfd_open(pid)
        self.inits[name] = pidfd
        self.init_pids[name] = pid
        self.selector.register(pidfd, selectors.EVENT_READ, lambda: self.ended(name))

    def ended(self, name):
        pidfd = self.inits.pop(name)
        self.selector.unregister(pidfd)
        os.close(pidfd)
        self.unadopted[name] = time.monotonic() + ADOPTION_SECONDS_MAX
        self.bury(name)

    def bury(self, name):
        try:
            _, status = os.waitpid(self.init_pids[name], 0)
            code = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            if time.monotonic() < self.unadopted[name]:
                return
            code = -signal.SIGKILL
        del self.unadopted[name], self.init_pids[name]
        self.send({"exited": name, "code": code if code >= 0 else None, "signal": None if code >= 0 else signal.Signals(-code).name})

    def do_kill(self, request):
        pidfd = self.inits.get(request["id"])
        if pidfd is not None:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        return {}

    def do_bind(self, request):
        """Shows a folder read-only at a place below `shared`, through which it reaches the sandbox that looks there."""
        staging = request["staging"]
        os.mkdir(staging)
        try:
            mount(request["source"], staging, MS_BIND)
            try:
                mount(None, staging, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
                mount(staging, request["target"], MS_MOVE)
            except OSError:
                unmount(staging)
                raise
        finally:
            os.rmdir(staging)
        return {}

    def do_layer(self, request):
        """Shows an image at `target`, under a layer on the disk that takes all changes; both belong to `owner`."""
        owner, owners = request["owner"], request["owners"]
        os.chdir(request["disk"])
        try:
            for name in ("image", "work"):
                os.mkdir(name, 0o700)
            mount_as(request["image"], "image", owner, owners)
            try:
                os.mkdir("changes")
                os.chmod("changes", 0o755)
                os.chown("changes", owner, owner)
                self.prepare(request["files"], owner)
                # Paths are relative, as programs inside see them in their list of mounts.
                options = b"lowerdir=image,upperdir=changes,workdir=work"
                check(libc.mount(b"overlay", request["target"].encode(), b"overlay", MS_NOSUID | MS_NODEV | MS_NOATIME, options), "mount the image")
            finally:
                # The layer holds on to it.
                unmount("image")
        finally:
            os.chdir("/")
        return {}

    def prepare(self, files, owner):
        """Files of ours in /etc, and a /tmp where there is none. Nothing is written through the image, whose links lead anywhere."""
        if not os.path.lexists("image/tmp"):
            os.mkdir("changes/tmp")
            os.chmod("changes/tmp", 0o1777)
            os.chown("changes/tmp", owner, owner)
        if os.path.lexists("image/etc"):
            found = os.lstat("image/etc")
            if not stat.S_ISDIR(found.st_mode):
                return
            mode, user, group = stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid
        else:
            mode, user, group = 0o755, owner, owner
        os.mkdir("changes/etc")
        for name, text in files.items():
            path = f"changes/etc/{name}"
            with open(path, "x") as file:
                file.write(text)
            os.chmod(path, 0o644)
            os.chown(path, owner, owner)
        os.chown("changes/etc", user, group)
        os.chmod("changes/etc", mode)

    def do_unmount(self, request):
        for path in request["paths"]:
            unmount(path)
        return {}

    def do_disk(self, request):
        loop_disk.attach(request["template"], request["image"], request["folder"])
        return {}

    def do_discard(self, request):
        """Unmounts a disk whose content nobody wants any more: writing it out would hold up everybody for seconds."""
        try:
            folder = os.open(request["path"], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                if os.fstat(folder).st_dev != os.lstat(os.path.dirname(request["path"])).st_dev:
                    fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, SHUTDOWN_NO_FLUSH)
            finally:
                os.close(folder)
        except OSError:
            # Not there, or it cannot do it: then it is written out.
            pass
        unmount(request["path"])
        return {}

    def do_network(self, request):
        """
        A new network namespace with nothing but its loopback, kept by the file at `path` until that is unmounted. All its
        ports are for everybody, as its users are nobody else's, and images like port 80.
        """
        with open(request["path"], "x"):
            pass
        check(libc.unshare(CLONE_NEWNET), "unshare")
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
                fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
            with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as file:
                file.write("0")
            mount("/proc/self/ns/net", request["path"], MS_BIND)
        finally:
            check(libc.setns(self.own_network, CLONE_NEWNET), "setns")
        return {}

    def do_sent(self, request):
        """How many IPv4 packets were sent in a network namespace, within itself too: none, when nobody has used it."""
        target = os.open(request["network"], os.O_RDONLY | os.O_CLOEXEC)
        try:
            check(libc.setns(target, CLONE_NEWNET), "setns")
            try:
                with open("/proc/thread-self/net/snmp") as file:
                    names, values = (line.split() for line in file if line.startswith("Ip:"))
            finally:
                check(libc.setns(self.own_network, CLONE_NEWNET), "setns")
        finally:
            os.close(target)
        return {"count": int(values[names.index("OutRequests")])}

    # ---- the end ----

    def close(self):
        for program in self.programs.values():
            program.kill()
        for pidfd in self.inits.values():
            try:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            except ProcessLookupError:
                pass


if __name__ == "__main__":
    # A terminal's Ctrl-C reaches the whole group: it is the platform's to stop in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keeper = Keeper()
    try:
        keeper.run()
    finally:
        keeper.close()
