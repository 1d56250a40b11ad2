#!/usr/bin/env python3
"""Prints how to call a bpftool of Debian 13: a word in each line. It is fetched once, with the libraries that it needs.

It is kept in target/peers. That of the machine is older, and does less: what a loader costs or can do is compared
with this one.
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPO, "tests"))

from debian import Debian, Unavailable, unpack  # noqa: E402

KEPT = os.path.join(REPO, "target", "peers")


def bpftool():
    """The words of its command. It runs through its own loader, with its own libraries."""
    kept = os.path.join(KEPT, "bpftool")
    if not os.path.isdir(kept):
        os.makedirs(KEPT, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            lists, made = os.path.join(folder, "lists"), os.path.join(folder, "made")
            os.mkdir(lists)
            os.mkdir(made)
            debian = Debian("trixie", lists)
            for package in debian.download(*debian.needed_by("bpftool")):
                unpack(package, made)
            # Whoever comes second finds it made.
            try:
                os.rename(made, kept)
            except OSError:
                pass
    libraries = os.path.join(kept, "usr/lib/x86_64-linux-gnu")
    loader = os.path.join(libraries, "ld-linux-x86-64.so.2")
    return [loader, "--library-path", libraries, os.path.join(kept, "usr/sbin/bpftool")]


if __name__ == "__main__":
    try:
        print("\n".join(bpftool()))
    except Unavailable as missing:
        sys.exit(f"{sys.argv[0]}: {missing}")
