"""Disks in files: a copy of a template, mounted through a loop device (linux/loop.h) that goes with the mount."""
import ctypes
import errno
import fcntl
import os
import struct

LOOP_CTL_GET_FREE, LOOP_CONFIGURE = 0x4C82, 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
# struct loop_config: file, block size, struct loop_info64 (all but its flags left to the kernel), reserved.
LOOP_CONFIG = "=II5Q3II64s64s32s2Q64x"
# Somebody else may take the device between asking for a free one and using it.
LOOP_ATTEMPTS_MAX = 64
MS_NOSUID, MS_NODEV, MS_NOATIME = 2, 4, 1024

libc = ctypes.CDLL(None, use_errno=True)


def copy_sparsely(source, target):
    """A new file with the same content; what is a hole stays one."""
    with open(source, "rb") as reading, open(target, "xb") as writing:
        size = os.fstat(reading.fileno()).st_size
        os.truncate(writing.fileno(), size)
        place = 0
        while place < size:
            try:
                start = os.lseek(reading.fileno(), place, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return
                raise
            place = os.lseek(reading.fileno(), start, os.SEEK_HOLE)
            os.lseek(writing.fileno(), start, os.SEEK_SET)
            while start < place:
                copied = os.sendfile(writing.fileno(), reading.fileno(), start, place - start)
                if copied == 0:
                    raise OSError(errno.EIO, "the template of disks became shorter")
                start += copied


def loop_device(image):
    """An open loop device for the file, and its path; it is free again when nothing uses it."""
    with open("/dev/loop-control", "rb") as control:
        for _ in range(LOOP_ATTEMPTS_MAX):
            path = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                config = struct.pack(LOOP_CONFIG, image, 0, *[0] * 8, LO_FLAGS_AUTOCLEAR, b"", b"", b"", 0, 0)
                fcntl.ioctl(device, LOOP_CONFIGURE, config)
                return device, path
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:
                    raise
    raise OSError(errno.EBUSY, "no loop device is free")


def attach(template, image, folder):
    """Mounts a copy of the ext4 disk `template`, kept in the new file `image`, at `folder`."""
    copy_sparsely(template, image)
    file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        device, path = loop_device(file)
    finally:
        os.close(file)
    try:
        flags = MS_NOSUID | MS_NODEV | MS_NOATIME
        if libc.mount(path.encode(), folder.encode(), b"ext4", ctypes.c_ulong(flags), b"nobarrier") != 0:
            code = ctypes.get_errno()
            raise OSError(code, f"mount on {folder}: {os.strerror(code)}")
    finally:
        os.close(device)
