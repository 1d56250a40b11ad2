"""Throughput: the same stream of instructions through several assemblers."""

import os
import subprocess

# One instruction in the syntax of LLVM and bpfasm, of GNU as, and of the rbpf crate.
SHAPES = [
    ("r{d} = r{s}", "mov %r{d}, %r{s}", "mov64 r{d}, r{s}"),
    ("r{d} += {n}", "add %r{d}, {n}", "add64 r{d}, {n}"),
    ("w{d} = *(u32 *)(r10 - {o})", "ldxw %r{d}, [%r10+-{o}]", "ldxw r{d}, [r10-{o}]"),
    ("*(u64 *)(r10 - {o}) = r{s}", "stxdw [%r10+-{o}], %r{s}", "stxdw [r10-{o}], r{s}"),
    ("if r{d} > r{s} goto +0", "jgt %r{d}, %r{s}, 0", "jgt r{d}, r{s}, +0"),
    ("r{d} <<= {m}", "lsh %r{d}, {m}", "lsh64 r{d}, {m}"),
    ("w{d} = {n}", "mov32 %r{d}, {n}", "mov32 r{d}, {n}"),
    ("r{d} ^= r{s}", "xor %r{d}, %r{s}", "xor64 r{d}, r{s}"),
]
KINDS = ("bpfasm", "gnu", "rbpf")


def lines(count, kind):
    """So many lines: shapes in turn, operands that change from line to line, and the end."""
    column, seed = KINDS.index(kind), 1
    for number in range(count - 1):
        seed = (seed * 1103515245 + 12345) % 2**31
        shape = SHAPES[number % len(SHAPES)][column]
        yield shape.format(d=seed % 10, s=seed // 16 % 10, n=seed >> 12, m=seed % 63, o=8 + seed // 64 % 32 * 8)
    yield "exit"


def write(path, count, kind):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines(count, kind))


def write_described(path, count, what):
    """A source whose instructions have types and lines: in braces, or what loops or macros become."""
    braced = "".join(line + "\n" for line in lines(count, "bpfasm"))
    texts = {"with lines": f"prog p: \"xdp\" {{\n{braced}}}\n", **blocks(count)}
    with open(path, "w", encoding="utf-8") as file:
        file.write(texts[what])


def blocks(count):
    """Sources that are short and become so many instructions: by `@for`, and by macros that use each other."""
    body = [line for line, _, _ in SHAPES]
    fixed = [line.format(d=3, s=2, n="$n", m="$n", o=16) for line in body]
    loops = "\n".join(["prog p: \"xdp\" {", f"@for n in 0..{count // 64} {{", "@for k in 0..8 {", *fixed, "}", "}",
                       "w0 = 2", "exit", "}", ""])
    macros = ["macro m0(n: imm) {", *fixed, "}"]
    size, level = len(fixed), 0
    while size * 10 <= count:
        macros += [f"macro m{level + 1}(n: imm) {{", *[f"m{level}! $n"] * 10, "}"]
        size, level = size * 10, level + 1
    nested = "\n".join([*macros, "prog p: \"xdp\" {", *[f"m{level}! 7"] * (count // size), "w0 = 2", "exit", "}", ""])
    return {"out of @for": loops, "out of nested macros": nested}


def peak(argv, time, folder):
    """The most memory that a command had, in KiB. This process is larger than some, and its children begin as it."""
    out = os.path.join(folder, "peak")
    subprocess.run([time, "-f", "%M", "-o", out, *argv], check=True, stdout=subprocess.DEVNULL)
    with open(out, encoding="utf-8") as file:
        return int(file.read())


def same_code(paths, objcopy, folder):
    """Whether objects hold the same `.text`."""
    texts = []
    for path in paths:
        out = os.path.join(folder, "text")
        subprocess.run([objcopy, "-O", "binary", "--only-section=.text", path, out], check=True)
        with open(out, "rb") as file:
            texts.append(file.read())
    return all(text == texts[0] for text in texts)
