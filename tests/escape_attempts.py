"""What a hostile experiment might try, each as a function that ends quietly only if it worked.

An attempt is made by a confined process against a made-up user: a home with a key, a project, another task's
private folder, servers that listen, and a process that stands for another worker. `benchmarks/escapes.py`
makes them all at every tier. None of them harms the machine even where nothing holds it back.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from repro.worker import kernel, needs

SECRET = b"a secret of 24 characters"
FORGED = b"forged"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # attempts go where everybody may write


@dataclass(frozen=True)
class World:
    """What there is to be attacked.

    Attributes:
        home: A user's home folder.
        project: A checkout of the project.
        libraries: A folder of libraries, which may be read.
        other: The private folder of another task.
        victim: Another process of the same user; it holds the secret in memory and in a variable.
        pipe_fd: The victim's end of its result pipe.
        address: Where the victim holds the secret.
        tcp: The port of a server on this machine.
        udp: The port of another.
        unix: The path of a third.
        abstract: The name of a fourth.
    """

    home: Path
    project: Path
    libraries: Path
    other: Path
    victim: int
    pipe_fd: int
    address: int
    tcp: int
    udp: int
    unix: Path
    abstract: bytes
    private: Path = field(default_factory=Path.cwd)


class HeldBackError(OSError):
    """The attempt found nothing to take."""


Attempt = Callable[[World], object]
ATTEMPTS: dict[str, tuple[str, str, Attempt]] = {}
"""By name: what it is about, the tier that promises to deny it or an empty text, and the attempt."""


def attempt(about: str, denied_from: str, name: str) -> Callable[[Attempt], Attempt]:
    """Add an attempt to the list."""

    def add(function: Attempt) -> Attempt:
        assert name not in ATTEMPTS
        ATTEMPTS[name] = about, denied_from, function
        return function

    return add


def must(*, be_true: object) -> None:
    """Fail if the attempt found nothing."""
    if not be_true:
        raise HeldBackError(2, "there was nothing")


def names_in(folder: Path | str) -> list[str]:
    """Return the names in a folder."""
    return [path.name for path in Path(folder).iterdir()]


def call(name: str, x86_64: int, aarch64: int, *arguments: object) -> int:
    """Call the kernel by number."""
    return kernel.syscall(name, x86_64 if kernel.machine() == "x86_64" else aarch64, *arguments)


# --- reading

READ = "reading"


@attempt(READ, "S2", "read a key in the home folder")
def _(world):
    must(be_true=(world.home / ".ssh/id_ed25519").read_bytes())


@attempt(READ, "S2", "list the home folder")
def _(world):
    must(be_true=names_in(world.home))


@attempt(READ, "S2", "read a key through a symbolic link in the private folder")
def _(world):
    (world.private / "link").symlink_to(world.home / ".ssh/id_ed25519")
    must(be_true=(world.private / "link").read_bytes())


@attempt(READ, "S2", "read a key through a hard link in the private folder")
def _(world):
    os.link(world.home / ".ssh/id_ed25519", world.private / "hard")
    must(be_true=(world.private / "hard").read_bytes())


@attempt(READ, "S2", "read evidence of other arms")
def _(_world):
    must(be_true=names_in(needs.PACKAGES / "repro/evidence"))


@attempt(READ, "S2", "read another experiment's script")
def _(_world):
    must(be_true=(needs.PACKAGES / "repro/experiments/lottery_ticket.py").read_bytes())


@attempt(READ, "S2", "read the claims that it is to support")
def _(_world):
    must(be_true=names_in(needs.PACKAGES / "claims"))


@attempt(READ, "S2", "read the project's git folder")
def _(world):
    must(be_true=(world.project / ".git/config").read_bytes())


@attempt(READ, "S2", "read the private folder of another task")
def _(world):
    must(be_true=(world.other / "weights").read_bytes())


@attempt(READ, "S2", "read the list of users")
def _(_world):
    must(be_true=Path("/etc/passwd").read_bytes())


@attempt(READ, "S2", "read the variables of another process")
def _(world):
    must(be_true=Path(f"/proc/{world.victim}/environ").read_bytes())


@attempt(READ, "S2", "read the command line of another process")
def _(world):
    must(be_true=Path(f"/proc/{world.victim}/cmdline").read_bytes())


@attempt(READ, "S2", "list the processes")
def _(_world):
    must(be_true=[name for name in names_in("/proc") if name.isdigit()])


@attempt(READ, "S2", "list a folder of memory files")
def _(_world):
    names_in(SHARED_MEMORY)


@attempt(READ, "S3", "learn that a file exists, its size and its times")
def _(world):
    must(be_true=(world.home / ".ssh/id_ed25519").stat().st_size)


@attempt(READ, "S3", "learn whether a file may be read")
def _(world):
    must(be_true=os.access(world.home / ".ssh/id_ed25519", os.F_OK))


@attempt(READ, "S3", "learn where a symbolic link leads")
def _(world):
    must(be_true=(world.home / "work").readlink())


@attempt(READ, "S3", "go into a folder of the user")
def _(world):
    os.chdir(world.home)


@attempt(READ, "S3", "learn how full the disk of the home folder is")
def _(world):
    must(be_true=os.statvfs(world.home).f_blocks)


@attempt(READ, "S1", "read extended attributes of a file")
def _(world):
    os.listxattr(world.home / "notes")


@attempt(READ, "S1", "watch what happens in a folder")
def _(world):
    fd = kernel.checked("inotify_init1", kernel.library().inotify_init1(0))
    kernel.checked("watch", kernel.library().inotify_add_watch(fd, os.fsencode(world.home), 0xFFF))


@attempt(READ, "S1", "watch what happens on a file system")
def _(_world):
    call("fanotify_init", 300, 262, 0, 0)


@attempt(READ, "S1", "open a file by its handle, past its folders")
def _(world):
    handle = ctypes.create_string_buffer(struct.pack("IiQQ", 128, 0, 0, 0) + bytes(128))
    mount = ctypes.c_int()
    call(
        "name_to_handle_at", 303, 264, -100, os.fsencode(world.home / "notes"), handle, ctypes.byref(mount), 0
    )


@attempt(READ, "S1", "read the kernel's messages")
def _(_world):
    call("syslog", 103, 116, 10, None, 0)


# --- writing

WRITE = "writing"


def plants(denied_from: str, name: str, place: Callable[[World], Path]) -> None:
    """Add an attempt to write a file."""

    def write(world: World) -> None:
        place(world).write_bytes(FORGED)

    attempt(WRITE, denied_from, name)(write)


plants("S2", "plant a hook of git", lambda world: world.project / ".git/hooks/pre-commit")
plants("S2", "plant a .pth file among the libraries", lambda world: world.libraries / "x.pth")
plants("S2", "rewrite a library", lambda world: world.libraries / "torch.py")
plants("S2", "write evidence", lambda world: world.project / "repro/evidence/x.json")
plants("S2", "rewrite a workflow", lambda world: world.project / ".github/workflows/ci.yml")
plants("S2", "poison the answers that commands remember", lambda world: world.project / "build/answers.json")
plants("S2", "poison what is remembered of the contract", lambda world: world.project / "build/contract.json")
plants("S2", "plant compiled code of the lab", lambda world: world.project / "repro/lab/x.pyc")
plants("S2", "rewrite its own script", lambda world: world.project / "repro/experiments/own.py")
plants("S2", "write to the shell's start file", lambda world: world.home / ".bashrc")
plants("S2", "leave a file among the temporary ones", lambda _: Path("../left-by-escape"))
plants("S2", "leave a file in memory", lambda _: SHARED_MEMORY / "left-by-escape")
plants("S2", "write into the private folder of another task", lambda world: world.other / "weights")


@attempt(WRITE, "S2", "remove a file")
def _(world):
    (world.home / "old").unlink()


@attempt(WRITE, "S2", "move a file away")
def _(world):
    (world.home / "draft").rename(world.home / "moved")


@attempt(WRITE, "S2", "make a folder")
def _(world):
    (world.home / "new").mkdir()


@attempt(WRITE, "S1", "cut a file short by its path")
def _(world):
    os.truncate(world.home / "notes", 1)


@attempt(WRITE, "S1", "change the mode of a file")
def _(world):
    (world.home / "notes").chmod(0o777)


@attempt(WRITE, "S1", "change the owner of a file")
def _(world):
    os.chown(world.home / "notes", os.geteuid(), os.getegid())


@attempt(WRITE, "S1", "change the times of a file")
def _(world):
    os.utime(world.home / "notes", (1, 1))


@attempt(WRITE, "S1", "set an extended attribute of a file")
def _(world):
    os.setxattr(world.home / "notes", "user.x", b"forged")


@attempt(WRITE, "S1", "lock a file that it can read, so that others wait")
def _(world):
    with (world.libraries / "torch.py").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@attempt(WRITE, "S1", "make a named pipe")
def _(world):
    os.mkfifo(world.private / "pipe")


@attempt(WRITE, "S3", "fill the disk beyond what one file may hold")
def _(world):
    for number in range(6):
        (world.private / str(number)).write_bytes(bytes(2**20))


# --- the network

NET = "network"


@attempt(NET, "S1", "connect over TCP")
def _(world):
    socket.create_connection(("127.0.0.1", world.tcp), 1).close()


@attempt(NET, "S1", "send over UDP")
def _(world):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(SECRET, ("127.0.0.1", world.udp))


@attempt(NET, "S1", "listen on a port")
def _(_world):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()


@attempt(NET, "S1", "open a socket of IPv6")
def _(_world):
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()


@attempt(NET, "S1", "connect to a UNIX socket by its path")
def _(world):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(world.unix))


@attempt(NET, "S1", "connect to an abstract UNIX socket")
def _(world):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(world.abstract)


@attempt(NET, "S1", "make a pair of sockets")
def _(_world):
    [end.close() for end in socket.socketpair()]


@attempt(NET, "S1", "ask the kernel over netlink")
def _(_world):
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


@attempt(NET, "S1", "send raw packets")
def _(_world):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


@attempt(NET, "S1", "have the kernel open a socket through io_uring")
def _(_world):
    call("io_uring_setup", 425, 425, 1, (ctypes.c_uint32 * 32)())


# --- processes of its own

OWN = "own processes"


def ended(pid: int) -> None:
    """Wait for a child."""
    os.waitpid(pid, 0)


@attempt(OWN, "S1", "start a process")
def _(_world):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    ended(pid)


@attempt(OWN, "S1", "start a process past the C library")
def _(_world):
    pid = call("vfork", 57, 220, signal.SIGCHLD)  # fork itself: the memory of vfork is not Python's to share
    if pid == 0:
        os._exit(0)
    ended(pid)


@attempt(OWN, "S1", "start a process by clone3")
def _(_world):
    words = (ctypes.c_uint64 * 8)(0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    pid = call("clone3", 435, 435, words, ctypes.sizeof(words))
    if pid == 0:
        os._exit(0)
    ended(pid)


@attempt(OWN, "S1", "start a program")
def _(_world):
    subprocess.run(["/bin/true"], check=True)


@attempt(OWN, "S1", "become another program")
def _(_world):
    os.execv("/bin/true", ["/bin/true"])  # noqa: S606  # as an attacker would


def daemon(before: Callable[[], object]) -> int:
    """Return the process id of a daemon that first does something."""
    read_fd, write_fd = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(write_fd, struct.pack("i", os.getpid()))
            before()
            time.sleep(60)
        os._exit(0)
    os.wait()
    return int(struct.unpack("i", os.read(read_fd, 4))[0])


@attempt(OWN, "S0", "leave a daemon behind")
def _(_world):
    return daemon(lambda: None)


@attempt(OWN, "S0", "leave a daemon behind that kills the keeper")
def _(_world):
    keeper = os.getppid()
    made = daemon(lambda: os.kill(keeper, signal.SIGKILL))
    time.sleep(0.2)
    return made


@attempt(OWN, "S1", "start a chain of processes that fork on and on")
def _(_world):
    def chain() -> None:
        for _ in range(400):
            if os.fork():
                os._exit(0)
        time.sleep(60)

    return daemon(chain) and 0


@attempt(OWN, "S1", "outlive its keeper by clearing its death signal")
def _(_world):
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)


@attempt(OWN, "S1", "hold memory that no limit counts")
def _(_world):
    os.close(os.memfd_create("x"))


@attempt(OWN, "S1", "leave shared memory of System V behind")
def _(_world):
    number = call("shmget", 29, 194, 0, 4096, 0o600)
    call("shmctl", 31, 195, number, 0, None)


@attempt(OWN, "S1", "leave a message queue behind")
def _(_world):
    number = call("msgget", 68, 186, 0, 0o600)
    call("msgctl", 71, 187, number, 0, None)


@attempt(OWN, "S1", "leave a key in the kernel's ring")
def _(_world):
    call("add_key", 248, 217, b"user", b"x", b"y", 1, -1)


# --- other processes

OTHERS = "other processes"


@attempt(OTHERS, "S1", "read another process's memory by a call")
def _(world):
    buffer = ctypes.create_string_buffer(len(SECRET))
    own = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), len(SECRET))
    theirs = (ctypes.c_size_t * 2)(world.address, len(SECRET))
    call("process_vm_readv", 310, 270, world.victim, own, 1, theirs, 1, 0)
    must(be_true=buffer.raw == SECRET)


@attempt(OTHERS, "S1", "write another process's memory by a call")
def _(world):
    buffer = ctypes.create_string_buffer(SECRET)
    own = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), len(SECRET))
    theirs = (ctypes.c_size_t * 2)(world.address, len(SECRET))
    call("process_vm_writev", 311, 271, world.victim, own, 1, theirs, 1, 0)


@attempt(OTHERS, "S2", "read another process's memory as a file")
def _(world):
    with Path(f"/proc/{world.victim}/mem").open("rb", buffering=0) as memory:
        memory.seek(world.address)
        must(be_true=memory.read(len(SECRET)) == SECRET)


@attempt(OTHERS, "S2", "write another process's memory as a file")
def _(world):
    with Path(f"/proc/{world.victim}/mem").open("r+b", buffering=0) as memory:
        memory.seek(world.address)
        memory.write(SECRET)


@attempt(OTHERS, "S2", "write into another worker's result pipe")
def _(world):
    with Path(f"/proc/{world.victim}/fd/{world.pipe_fd}").open("wb", buffering=0) as pipe:
        pipe.write(FORGED + b"\n")


@attempt(OTHERS, "S1", "take an open file from another process")
def _(world):
    pidfd = os.pidfd_open(world.victim)
    call("pidfd_getfd", 438, 438, pidfd, world.pipe_fd, 0)


@attempt(OTHERS, "S1", "trace another process")
def _(world):
    call("ptrace", 101, 117, 0x4206, world.victim, None, None)  # PTRACE_SEIZE


@attempt(OTHERS, "S1", "stop its keeper, who keeps the time")
def _(_world):
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(0.1)


@attempt(OTHERS, "S1", "kill its keeper")
def _(_world):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.1)


@attempt(OTHERS, "S1", "stop another process")
def _(world):
    os.kill(world.victim, signal.SIGSTOP)


@attempt(OTHERS, "S1", "kill another process")
def _(world):
    os.kill(world.victim, signal.SIGKILL)


@attempt(OTHERS, "S1", "signal all processes that it may")
def _(_world):
    os.kill(-1, 0)


@attempt(OTHERS, "S1", "signal another process's group")
def _(world):
    os.killpg(os.getpgid(world.victim), 0)


@attempt(OTHERS, "S1", "signal a thread of another process")
def _(world):
    call("tgkill", 234, 131, world.victim, world.victim, 0)


@attempt(OTHERS, "S1", "signal another process with a value")
def _(world):
    call("rt_sigqueueinfo", 129, 138, world.victim, 0, struct.pack("iii", 0, 0, -1) + bytes(116))


@attempt(OTHERS, "S1", "signal another process by its descriptor")
def _(world):
    signal.pidfd_send_signal(os.pidfd_open(world.victim), 0)


@attempt(OTHERS, "S1", "have the kernel signal another process about a pipe")
def _(world):
    fcntl.fcntl(1, fcntl.F_SETOWN, world.victim)


@attempt(OTHERS, "S1", "lower another process's priority")
def _(world):
    os.setpriority(os.PRIO_PROCESS, world.victim, 19)


@attempt(OTHERS, "S1", "bind another process to one core")
def _(world):
    os.sched_setaffinity(world.victim, os.sched_getaffinity(0))


@attempt(OTHERS, "S1", "put another process into the idle class")
def _(world):
    os.sched_setscheduler(world.victim, os.SCHED_IDLE, os.sched_param(0))


@attempt(OTHERS, "S1", "change another process's limits")
def _(world):
    resource.prlimit(world.victim, resource.RLIMIT_NOFILE, (50, 50))


@attempt(OTHERS, "S1", "change another process's turn at the disk")
def _(world):
    call("ioprio_set", 251, 30, 1, world.victim, 3 << 13)


@attempt(OTHERS, "S1", "compare what two processes hold")
def _(world):
    call("kcmp", 312, 272, os.getpid(), world.victim, 0, 1, world.pipe_fd)


@attempt(OTHERS, "S1", "count what another process does")
def _(world):
    words = ctypes.create_string_buffer(struct.pack("II", 1, 112) + bytes(104))  # software events
    os.close(call("perf_event_open", 298, 241, words, world.victim, -1, -1, 0))


# --- the system

SYSTEM = "the system"


@attempt(SYSTEM, "S1", "make namespaces of its own")
def _(_world):
    kernel.checked("unshare", kernel.library().unshare(0x10000000))


@attempt(SYSTEM, "S1", "mount a file system")
def _(world):
    kernel.checked("mount", kernel.library().mount(b"none", os.fsencode(world.private), b"tmpfs", 0, None))


@attempt(SYSTEM, "S1", "take another folder for the root")
def _(world):
    os.chroot(world.private)


@attempt(SYSTEM, "S1", "load a program into the kernel")
def _(_world):
    call("bpf", 321, 280, 0, struct.pack("IIII", 2, 4, 4, 1) + bytes(112), 128)  # BPF_MAP_CREATE


@attempt(SYSTEM, "S1", "handle page faults of the kernel")
def _(_world):
    call("userfaultfd", 323, 282, 0)


@attempt(SYSTEM, "S1", "name the machine")
def _(_world):
    socket.sethostname(socket.gethostname())


@attempt(SYSTEM, "S1", "use a call that is newer than the table of calls")
def _(_world):
    result = kernel.library().syscall(ctypes.c_long(463), -100, b"/", 0, b"x", None, 0)
    must(be_true=result >= 0 or ctypes.get_errno() not in (1, 38))


@attempt(SYSTEM, "", "learn which processor and how much memory the machine has")
def _(_world):
    must(be_true=Path("/proc/meminfo").read_bytes())


@attempt(SYSTEM, "", "learn which libraries are installed")
def _(world):
    must(be_true=names_in(world.libraries))
