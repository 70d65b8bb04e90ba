"""A filter of system calls: no network, no further processes, no reach into other processes, no old tricks.

The filter denies by name and refuses calls that are newer than its table as a kernel would that does not
have them. It is written as instructions of the classic Berkeley packet filter, seccomp(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from typing import NamedTuple

from repro.worker import kernel


class Numbers(NamedTuple):
    """The number of a call on each architecture; None where it does not exist."""

    x86_64: int | None
    aarch64: int | None


DENIED = {
    # the network, and sockets within the machine
    "socket": Numbers(41, 198),
    "socketpair": Numbers(53, 199),
    # further processes, which could outlive the run
    "fork": Numbers(57, None),
    "vfork": Numbers(58, None),
    "execveat": Numbers(322, 281),
    "unshare": Numbers(272, 97),
    "setns": Numbers(308, 268),
    # other processes: their memory, files, signals and priorities
    "ptrace": Numbers(101, 117),
    "process_vm_readv": Numbers(310, 270),
    "process_vm_writev": Numbers(311, 271),
    "process_madvise": Numbers(440, 440),
    "process_mrelease": Numbers(448, 448),
    "kcmp": Numbers(312, 272),
    "pidfd_open": Numbers(434, 434),
    "pidfd_getfd": Numbers(438, 438),
    "pidfd_send_signal": Numbers(424, 424),
    "tkill": Numbers(200, 130),
    "rt_sigqueueinfo": Numbers(129, 138),
    "rt_tgsigqueueinfo": Numbers(297, 240),
    "get_robust_list": Numbers(274, 100),
    "perf_event_open": Numbers(298, 241),
    "setpriority": Numbers(141, 140),
    "ioprio_set": Numbers(251, 30),
    "sched_setparam": Numbers(142, 118),
    "sched_setscheduler": Numbers(144, 119),
    "sched_setattr": Numbers(314, 274),
    "migrate_pages": Numbers(256, 238),
    "move_pages": Numbers(279, 239),
    # what outlives a process, or is shared with others, without a file
    "shmget": Numbers(29, 194),
    "shmat": Numbers(30, 196),
    "shmctl": Numbers(31, 195),
    "semget": Numbers(64, 190),
    "semop": Numbers(65, 193),
    "semctl": Numbers(66, 191),
    "semtimedop": Numbers(220, 192),
    "msgget": Numbers(68, 186),
    "msgsnd": Numbers(69, 189),
    "msgrcv": Numbers(70, 188),
    "msgctl": Numbers(71, 187),
    "mq_open": Numbers(240, 180),
    "mq_unlink": Numbers(241, 181),
    "keyctl": Numbers(250, 219),
    "add_key": Numbers(248, 217),
    "request_key": Numbers(249, 218),
    "memfd_create": Numbers(319, 279),  # memory that no limit counts
    "memfd_secret": Numbers(447, 447),
    # what files are like, apart from their contents, which Landlock does not guard
    "chmod": Numbers(90, None),
    "fchmod": Numbers(91, 52),
    "fchmodat": Numbers(268, 53),
    "fchmodat2": Numbers(452, 452),
    "chown": Numbers(92, None),
    "fchown": Numbers(93, 55),
    "lchown": Numbers(94, None),
    "fchownat": Numbers(260, 54),
    "setxattr": Numbers(188, 5),
    "lsetxattr": Numbers(189, 6),
    "fsetxattr": Numbers(190, 7),
    "getxattr": Numbers(191, 8),
    "lgetxattr": Numbers(192, 9),
    "fgetxattr": Numbers(193, 10),
    "listxattr": Numbers(194, 11),
    "llistxattr": Numbers(195, 12),
    "flistxattr": Numbers(196, 13),
    "removexattr": Numbers(197, 14),
    "lremovexattr": Numbers(198, 15),
    "fremovexattr": Numbers(199, 16),
    "utime": Numbers(132, None),
    "utimes": Numbers(235, None),
    "futimesat": Numbers(261, None),
    "utimensat": Numbers(280, 88),
    "truncate": Numbers(76, 45),
    "flock": Numbers(73, 32),  # a lock on a file that one may only read keeps others waiting
    "mknod": Numbers(133, None),
    "mknodat": Numbers(259, 33),
    "inotify_init": Numbers(253, None),
    "inotify_init1": Numbers(294, 26),
    "inotify_add_watch": Numbers(254, 27),
    "fanotify_init": Numbers(300, 262),
    "fanotify_mark": Numbers(301, 263),
    "name_to_handle_at": Numbers(303, 264),
    "open_by_handle_at": Numbers(304, 265),
    # the system itself; most need root, whom a container may well have
    "mount": Numbers(165, 40),
    "umount2": Numbers(166, 39),
    "pivot_root": Numbers(155, 41),
    "chroot": Numbers(161, 51),
    "mount_setattr": Numbers(442, 442),
    "move_mount": Numbers(429, 429),
    "open_tree": Numbers(428, 428),
    "fsopen": Numbers(430, 430),
    "fsconfig": Numbers(431, 431),
    "fsmount": Numbers(432, 432),
    "fspick": Numbers(433, 433),
    "statmount": Numbers(457, 457),
    "listmount": Numbers(458, 458),
    "bpf": Numbers(321, 280),
    "io_uring_setup": Numbers(425, 425),  # does what this filter denies, without a system call
    "io_uring_enter": Numbers(426, 426),
    "io_uring_register": Numbers(427, 427),
    "userfaultfd": Numbers(323, 282),
    "kexec_load": Numbers(246, 104),
    "kexec_file_load": Numbers(320, 294),
    "init_module": Numbers(175, 105),
    "finit_module": Numbers(313, 273),
    "delete_module": Numbers(176, 106),
    "reboot": Numbers(169, 142),
    "swapon": Numbers(167, 224),
    "swapoff": Numbers(168, 225),
    "acct": Numbers(163, 89),
    "quotactl": Numbers(179, 60),
    "quotactl_fd": Numbers(443, 443),
    "settimeofday": Numbers(164, 170),
    "clock_settime": Numbers(227, 112),
    "adjtimex": Numbers(159, 171),
    "clock_adjtime": Numbers(305, 266),
    "sethostname": Numbers(170, 161),
    "setdomainname": Numbers(171, 162),
    "iopl": Numbers(172, None),
    "ioperm": Numbers(173, None),
    "syslog": Numbers(103, 116),
    "vhangup": Numbers(153, 58),
}
"""Calls that are always refused, by what they would allow."""
EXECVE = {"execve": Numbers(59, 221)}
"""Refused as well, unless confinement comes before the program that measures."""
CLONE = Numbers(56, 220)
CLONE3 = Numbers(435, 435)
OF_ITSELF = {
    "kill": Numbers(62, 129),
    "tgkill": Numbers(234, 131),
    "sched_setaffinity": Numbers(203, 122),
    "prlimit64": Numbers(302, 261),
}
"""Calls whose first argument is a process, which may only be this one."""
OR_ZERO = ("sched_setaffinity", "prlimit64")
"""Those of them to which 0 means this process; to `kill` it means the whole group."""
BY_ARGUMENT = {
    "prctl": (Numbers(157, 167), 0, (kernel.PR_SET_PDEATHSIG,)),
    # F_SETOWN, F_SETSIG and F_SETOWN_EX send signals, F_SETLEASE and F_NOTIFY watch files
    "fcntl": (Numbers(72, 25), 1, (8, 10, 15, 1024, 1026)),
    # TIOCSTI and TIOCLINUX type into a terminal, FIOSETOWN and SIOCSPGRP send signals
    "ioctl": (Numbers(16, 29), 1, (0x5412, 0x541C, 0x8901, 0x8902)),
}
"""Calls that are refused for some values of one argument: their numbers, its place, the values."""
NEWEST = 462
"""The highest number whose call was looked at when this table was written, Linux 6.10."""

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # linux/audit.h
SECCOMP = {"x86_64": 317, "aarch64": 277}
SECCOMP_SET_MODE_FILTER, SPEC_ALLOW = 1, 4  # linux/seccomp.h; SPEC_ALLOW: torch keeps its speed
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
LOAD, EQUAL, GREATER, HAS_BIT, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06  # linux/bpf_common.h
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # struct seccomp_data
CLONE_THREAD = 0x10000
REFUSED, UNKNOWN = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
Instruction = tuple[int, int, int, int]


class Program(ctypes.Structure):
    """What the kernel takes as a filter: struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def instructions(architecture: str, pid: int, *, may_start_programs: bool) -> list[Instruction]:
    """Return the filter, each instruction as code, jump if true, jump if false, constant.

    Args:
        architecture: As `platform.machine` names it.
        pid: This process, as it sees itself.
        may_start_programs: Will confinement be followed by a program that takes this one's place?
    """
    denied = DENIED if may_start_programs else {**DENIED, **EXECVE}
    blocks = [
        *((numbers, [(RETURN, 0, 0, REFUSED)]) for numbers in denied.values()),
        (CLONE3, [(RETURN, 0, 0, UNKNOWN)]),  # its flags are out of a filter's sight; libc then calls clone
        (
            CLONE,
            [_argument(0), (HAS_BIT, 0, 1, CLONE_THREAD), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSED)],
        ),
        *(
            (numbers, _compared(0, [pid, 0] if name in OR_ZERO else [pid], found=ALLOW, other=REFUSED))
            for name, numbers in OF_ITSELF.items()
        ),
        *(
            (numbers, _compared(place, values, found=REFUSED, other=ALLOW))
            for numbers, place, values in BY_ARGUMENT.values()
        ),
    ]
    program: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, ARCHITECTURES[architecture]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
        (GREATER, 0, 1, NEWEST),  # the calls of x32, too
        (RETURN, 0, 0, UNKNOWN),
    ]
    for numbers, then in blocks:
        number = getattr(numbers, architecture)
        if number is not None:
            program += [(EQUAL, 0, len(then), number), *then]
    return [*program, (RETURN, 0, 0, ALLOW)]


def _argument(place: int) -> Instruction:
    """Load the lower half of an argument, which holds all that is compared here."""
    return (LOAD, 0, 0, ARGUMENTS_AT + 8 * place)


def _compared(place: int, values: Iterable[int], *, found: int, other: int) -> list[Instruction]:
    """Answer by whether an argument is one of some values."""
    tests = [each for value in values for each in ((EQUAL, 0, 1, value), (RETURN, 0, 0, found))]
    return [_argument(place), *tests, (RETURN, 0, 0, other)]


def install(*, may_start_programs: bool) -> None:
    """Put this process, and all that it may become, under the filter; nothing takes it off again.

    Args:
        may_start_programs: Will confinement be followed by a program that takes this one's place?

    Raises:
        OSError: The kernel has no such filters, or refuses this one.
    """
    architecture = kernel.machine()
    if not kernel.is_linux() or architecture not in ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"seccomp: no filter for {architecture}")
    program = instructions(architecture, os.getpid(), may_start_programs=may_start_programs)
    packed = b"".join(struct.pack("=HBBI", *each) for each in program)
    filtered = Program(len(program), packed)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    number = SECCOMP[architecture]
    kernel.syscall("seccomp", number, SECCOMP_SET_MODE_FILTER, SPEC_ALLOW, ctypes.byref(filtered))
