"""Peers that are built or fetched for the comparison."""

import os
import platform
import subprocess

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
TARGET = os.path.join(os.path.dirname(os.path.dirname(PEERS)), "target")


def crate(name, static=False):
    """The program of a crate beside this; nothing where it cannot be built."""
    folder, environment = os.path.join(TARGET, name), dict(os.environ)
    build = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", os.path.join(PEERS, name, "Cargo.toml"),
             "--target-dir", folder]
    if static:
        triple = f"{platform.machine()}-unknown-linux-gnu"
        build += ["--target", triple]
        folder = os.path.join(folder, triple)
        environment["RUSTFLAGS"] = "-C target-feature=+crt-static"
    built = subprocess.run(build, env=environment, check=False).returncode == 0
    return os.path.join(folder, "release", name) if built else None


def bpftool():
    """The command of a bpftool of Debian 13; nothing where there is none to be had."""
    run = subprocess.run([os.path.join(PEERS, "bpftool.py")], stdout=subprocess.PIPE, text=True, check=False)
    return run.stdout.splitlines() if run.returncode == 0 else None
