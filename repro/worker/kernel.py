"""Calls of the Linux kernel for which Python has no function, with errors that name the call.

Other modules of the confinement say what to ask the kernel for; this one only asks.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38  # linux/prctl.h
CAPABILITY_VERSION = 0x20080522  # linux/capability.h
CAPSET = {"x86_64": 126, "aarch64": 91}


def is_linux() -> bool:
    """Is this a system whose kernel these calls are for?"""
    return sys.platform == "linux"


@cache
def machine() -> str:
    """Return the name of the processor's architecture, such as `x86_64`."""
    return platform.machine()


@cache
def library() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(name: str, result: int) -> int:
    """Return what a call returned.

    Raises:
        OSError: The call failed; the text names it.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: object) -> int:
    """Call the kernel by number; whole numbers are passed at their full width.

    Raises:
        OSError: The call failed.
    """
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return checked(name, int(library().syscall(ctypes.c_long(number), *words)))


def prctl(option: int, value: int) -> None:
    """Change a property of this process, where there is such a call.

    Raises:
        OSError: The kernel does not know the option or refuses it.
    """
    if is_linux():
        checked(f"prctl({option})", int(library().prctl(option, value, 0, 0, 0)))


def drop_capabilities(*, keeping: tuple[int, ...] = ()) -> None:
    """Give up root's powers for good, except some.

    Args:
        keeping: Numbers of linux/capability.h below 32.

    Raises:
        OSError: The kernel refuses it.
    """
    mask = sum(1 << number for number in keeping)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    before = (ctypes.c_uint32 * 6)()
    capset = CAPSET[machine()]
    syscall("capget", capset - 1, header, before)
    effective, permitted = before[0] & mask, before[1] & mask
    syscall("capset", capset, header, (ctypes.c_uint32 * 6)(effective, permitted, 0, 0, 0, 0))
