"""XDP programs from object files, repeated, loaded and timed through bpf(2) itself.

Nothing but the system call is between the instructions of an object file and the measurement, so that
both sides of a comparison go the same way.
"""

import ctypes
import os
import platform
import struct

from benchlib.elf import R_BPF_64_64, Elf

NUMBERS = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}
MAP_CREATE, MAP_UPDATE, PROG_LOAD, PROG_TEST_RUN, OBJ_GET_INFO, MAP_FREEZE = 0, 2, 5, 10, 15, 22
ARRAY, PERCPU_ARRAY, RDONLY_PROG = 2, 6, 1 << 7
PSEUDO_MAP_FD, PSEUDO_MAP_VALUE = 1, 2
XDP = 6
LIBC = ctypes.CDLL(None, use_errno=True)

# Instructions that the repeated program adds: opcode, registers, offset, immediate.
KEEP_CONTEXT = struct.pack("<BBhi", 0x7b, 0x1a, -512, 0)  # *(u64 *)(r10 - 512) = r1
GET_CONTEXT = struct.pack("<BBhi", 0x79, 0xa1, -512, 0)  # r1 = *(u64 *)(r10 - 512)
EXIT = struct.pack("<BBhi", 0x95, 0, 0, 0)
EMPTY = struct.pack("<BBhi", 0xb4, 0, 0, 2) + EXIT  # w0 = 2; exit


def bpf(command, attr):
    """One bpf(2) call; gives its result and what the kernel left in the attributes."""
    buffer = ctypes.create_string_buffer(attr.ljust(160, b"\0"), 160)
    result = LIBC.syscall(NUMBERS[platform.machine()], command, buffer, 160)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf command {command}: {os.strerror(ctypes.get_errno())}")
    return result, buffer.raw


def create_map(kind, key, value, entries, flags=0):
    return bpf(MAP_CREATE, struct.pack("<5I", kind, key, value, entries, flags))[0]


def read_only(data):
    """A frozen .rodata map, as every loader makes it."""
    fd = create_map(ARRAY, 4, len(data), 1, RDONLY_PROG)
    key, value = ctypes.create_string_buffer(b"\0" * 4, 4), ctypes.create_string_buffer(data, len(data))
    bpf(MAP_UPDATE, struct.pack("<IIQQQ", fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0))
    bpf(MAP_FREEZE, struct.pack("<I", fd))
    return fd


def instructions(path, section="xdp"):
    """The instructions of an object's XDP program, with maps created and put in."""
    elf = Elf(path)
    code = bytearray(elf.section(section))
    maps = {}
    for offset, kind, (name, home, value) in elf.relocations(section):
        if kind != R_BPF_64_64 or home not in (".maps", ".rodata"):
            raise ValueError(f"{path}: a relocation against {name} in {home} is not known here")
        is_map = home == ".maps"
        if (home, value if is_map else 0) not in maps:
            made = create_map(PERCPU_ARRAY, 4, 8, 1) if is_map else read_only(elf.section(home))
            maps[home, value if is_map else 0] = made
        fd = maps[home, value if is_map else 0]
        addend, = struct.unpack_from("<i", code, offset + 4)
        code[offset + 1] = code[offset + 1] & 15 | (PSEUDO_MAP_FD if is_map else PSEUDO_MAP_VALUE) << 4
        struct.pack_into("<i", code, offset + 4, fd)
        struct.pack_into("<i", code, offset + 12, 0 if is_map else value + addend)
    return bytes(code)


def repeated(code, times):
    """The same program `times` over: each copy gets the context again, each exit goes on to the next copy."""
    count = len(code) // 8
    copy = bytearray(code)
    slot = 0
    while slot < count:
        opcode = code[slot * 8]
        if opcode == 0x95:
            # goto the end of this copy
            copy[slot * 8:slot * 8 + 8] = struct.pack("<BBhi", 0x05, 0, count - slot - 1, 0)
        slot += 2 if opcode == 0x18 else 1
    return KEEP_CONTEXT + (GET_CONTEXT + bytes(copy)) * times + EXIT


class Program:
    """A loaded XDP program."""

    def __init__(self, code):
        insns, licence = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(b"GPL")
        attr = struct.pack(
            "<IIQQIIQ", XDP, len(code) // 8, ctypes.addressof(insns), ctypes.addressof(licence), 0, 0, 0)
        self.fd, _ = bpf(PROG_LOAD, attr)

    def lengths(self):
        """Instructions after the verifier, and bytes of machine code."""
        info = ctypes.create_string_buffer(232)
        bpf(OBJ_GET_INFO, struct.pack("<IIQ", self.fd, 232, ctypes.addressof(info)))
        jited, xlated = struct.unpack_from("<II", info.raw, 16)
        return xlated // 8, jited

    def run(self, packet, times):
        """The result for a packet, and the mean time of one run in nanoseconds, a whole number."""
        data = ctypes.create_string_buffer(packet, len(packet))
        attr = struct.pack(
            "<IIIIQQII", self.fd, 0, len(packet), 0, ctypes.addressof(data), 0, times, 0)
        _, after = bpf(PROG_TEST_RUN, attr)
        return struct.unpack_from("<I", after, 4)[0], struct.unpack_from("<I", after, 36)[0]
