"""Packages of any release of Debian, fetched and unpacked into a folder; nothing is installed.

They come from the mirror that the machine's own sources name. apt runs with sources, lists and state of its own, so that
those of the machine stay as they are.
"""

import os
import re
import subprocess

# In both forms of sources: `URIs: ADDRESS`, `deb [options] ADDRESS suite component`.
MIRROR = re.compile(r"^(?:URIs:|deb\s+(?:\[.*?\])?)\s*(\S+/debian)/?(?:\s|$)", re.MULTILINE)


class Unavailable(Exception):
    """What cannot be had here, and why."""


def run(*command, **options):
    """Runs a command that has to succeed, and gives its output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise Unavailable(f"{command[0]} {command[1]}: {done.stderr.strip()[-400:]}")
    return done.stdout


def mirror():
    """The first address in the machine's own sources."""
    for folder in ["/etc/apt", "/etc/apt/sources.list.d"]:
        for name in sorted(os.listdir(folder) if os.path.isdir(folder) else []):
            if name.endswith((".list", ".sources")):
                with open(os.path.join(folder, name)) as file:
                    found = MIRROR.search(file.read())
                    if found:
                        return found[1]
    raise Unavailable("the sources of apt name no mirror of Debian")


def unpack(package, folder):
    """What is in a package, into a folder."""
    run("dpkg-deb", "-x", package, folder)


class Debian:
    """The packages of a release, looked up in an empty folder."""

    def __init__(self, suite, folder):
        for name in ["lists/partial", "cache/archives/partial"]:
            os.makedirs(os.path.join(folder, name))
        with open(os.path.join(folder, "sources"), "w") as file:
            file.write(f"deb [arch=amd64] {mirror()} {suite} main\n")
        open(os.path.join(folder, "status"), "w").close()
        config = os.path.join(folder, "config")
        with open(config, "w") as file:
            file.write(f"""Dir::Etc::SourceList "{folder}/sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State "{folder}";
Dir::State::Status "{folder}/status";
Dir::Cache "{folder}/cache";
APT::Architecture "amd64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
""")
        self.folder = folder
        self.apt = {"cwd": folder, "env": {**os.environ, "APT_CONFIG": config}}
        run("apt-get", "update", "-q", **self.apt)

    def names(self, prefix):
        """The names of all packages that begin so."""
        return run("apt-cache", "pkgnames", prefix, **self.apt).split()

    def needed_by(self, package):
        """A package and all that it depends on."""
        lines = run("apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts",
                    "--no-breaks", "--no-replaces", "--no-enhances", package, **self.apt).splitlines()
        return [line for line in lines if not line.startswith((" ", "<"))]

    def download(self, *packages):
        """The paths of packages, which are fetched."""
        run("apt-get", "download", "-q", *packages, **self.apt)
        return [os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.endswith(".deb")]
