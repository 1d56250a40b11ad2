"""Processor time of child processes, and the ratio of two of them."""

import math
import os
import statistics
import subprocess

NULL = os.open(os.devnull, os.O_RDWR)


class Failed(Exception):
    """A measured command did not do its work."""


def cpu_time(argv):
    """User and system time of one run, in seconds. Output is thrown away; a failure is told with it."""
    actions = [(os.POSIX_SPAWN_DUP2, NULL, fd) for fd in (0, 1, 2)]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        again = subprocess.run(argv, capture_output=True, text=True, check=False)
        raise Failed(f"{' '.join(argv)}: wait status {status}\n{again.stdout}{again.stderr}")
    return usage.ru_utime + usage.ru_stime


class Ratio:
    """How one thing compares to another, from many pairs of measurements taken in turn."""

    def __init__(self, ours, theirs):
        self.ours = statistics.median(ours)
        self.theirs = statistics.median(theirs)
        self.value = self.ours / self.theirs if self.theirs > 0 else math.nan


def compare(ours, theirs, rounds, undo=lambda: None):
    """Runs two commands in turn, `undo` after each, and gives the ratio of their processor times."""
    times = ([], [])
    for number in range(rounds + 1):
        for command, into in zip((ours, theirs), times):
            seconds = cpu_time(command)
            undo()
            # The first round fills caches.
            if number:
                into.append(seconds)
    return Ratio(*times)


def instructions(argv, valgrind):
    """How many instructions a run executes: the same in each, whatever else the machine does."""
    run = subprocess.run(
        [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *argv],
        stdin=NULL, stdout=NULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(run.stderr.rsplit("Collected :", 1)[1].split()[0])


def bpf_calls(argv, strace):
    """The names of the bpf(2) commands that a run makes, in order."""
    run = subprocess.run(
        [strace, "-f", "-qq", "-e", "trace=bpf", "-e", "signal=none", *argv],
        stdin=NULL, stdout=NULL, stderr=subprocess.PIPE, text=True, check=True)
    lines = [line for line in run.stderr.splitlines() if "bpf(BPF_" in line or "bpf(0x" in line]
    return [line.split("bpf(", 1)[1].split(",")[0] for line in lines]
