//! The table: one row for each instruction.
//!
//! Sources: RFC 9669 for the encodings; LLVM's BPF target for the cpu levels; the history of
//! `kernel/bpf/verifier.c` for the versions and for the fields that must be zero. Offsets of jumps count slots
//! from the next instruction. A 32-bit operation clears the upper half of its destination.

use super::{Cpu, Field, Form};
use crate::isa::AluOp::*;
use crate::isa::Rhs::*;
use crate::isa::Size::*;
use crate::isa::Swap::*;
use crate::isa::Syntax::*;
use crate::isa::Width::*;
use crate::isa::{AtomicOp as A, Cond as C};

/// One field of a row: a number is fixed, a name is an operand.
macro_rules! field {
    ($fixed:literal) => {
        Field::Fixed($fixed)
    };
    (($fixed:expr)) => {
        Field::Fixed($fixed)
    };
    ($operand:ident) => {
        Field::Operand
    };
}

macro_rules! since {
    (none) => {
        None
    };
    ($version:tt) => {
        Some($version)
    };
}

macro_rules! cpu {
    (v1) => {
        Cpu::V1
    };
    (v2) => {
        Cpu::V2
    };
    (v3) => {
        Cpu::V3
    };
    (v4) => {
        Cpu::V4
    };
}

macro_rules! forms {
    ($($name:literal $code:literal, $dst:tt $src:tt $off:tt $imm:tt, $syntax:expr, $cpu:tt $since:tt, $doc:literal;)*) => {
        &[$(Form {
            name: $name,
            code: $code,
            dst: field!($dst),
            src: field!($src),
            off: field!($off),
            imm: field!($imm),
            syntax: $syntax,
            cpu: cpu!($cpu),
            since: since!($since),
            doc: $doc,
        }),*]
    };
}

/// Every instruction, in the order of its kind.
#[rustfmt::skip]
pub static FORMS: &[Form] = forms! {
    // name                       code  dst src  off   imm  syntax                cpu since   what it does

    // 64-bit and 32-bit arithmetic (RFC 9669 section 4.1)
    "add64 K"                     0x07, dst   0    0   imm, Alu(Add, W64, Imm),   v1 (3, 18), "Add imm to dst.";
    "add64 X"                     0x0f, dst src    0     0, Alu(Add, W64, Reg),   v1 (3, 18), "Add src to dst.";
    "add32 K"                     0x04, dst   0    0   imm, Alu(Add, W32, Imm),   v1 (3, 18), "32 bits: add imm to dst.";
    "add32 X"                     0x0c, dst src    0     0, Alu(Add, W32, Reg),   v1 (3, 18), "32 bits: add src to dst.";
    "sub64 K"                     0x17, dst   0    0   imm, Alu(Sub, W64, Imm),   v1 (3, 18), "Subtract imm from dst.";
    "sub64 X"                     0x1f, dst src    0     0, Alu(Sub, W64, Reg),   v1 (3, 18), "Subtract src from dst.";
    "sub32 K"                     0x14, dst   0    0   imm, Alu(Sub, W32, Imm),   v1 (3, 18), "32 bits: subtract imm from dst.";
    "sub32 X"                     0x1c, dst src    0     0, Alu(Sub, W32, Reg),   v1 (3, 18), "32 bits: subtract src from dst.";
    "mul64 K"                     0x27, dst   0    0   imm, Alu(Mul, W64, Imm),   v1 (3, 18), "Multiply dst by imm.";
    "mul64 X"                     0x2f, dst src    0     0, Alu(Mul, W64, Reg),   v1 (3, 18), "Multiply dst by src.";
    "mul32 K"                     0x24, dst   0    0   imm, Alu(Mul, W32, Imm),   v1 (3, 18), "32 bits: multiply dst by imm.";
    "mul32 X"                     0x2c, dst src    0     0, Alu(Mul, W32, Reg),   v1 (3, 18), "32 bits: multiply dst by src.";
    "div64 K"                     0x37, dst   0    0   imm, Alu(Div, W64, Imm),   v1 (3, 18), "Divide dst, unsigned, by imm; by 0 gives 0.";
    "div64 X"                     0x3f, dst src    0     0, Alu(Div, W64, Reg),   v1 (3, 18), "Divide dst, unsigned, by src; by 0 gives 0.";
    "div32 K"                     0x34, dst   0    0   imm, Alu(Div, W32, Imm),   v1 (3, 18), "32 bits: divide dst, unsigned, by imm; by 0 gives 0.";
    "div32 X"                     0x3c, dst src    0     0, Alu(Div, W32, Reg),   v1 (3, 18), "32 bits: divide dst, unsigned, by src; by 0 gives 0.";
    "or64 K"                      0x47, dst   0    0   imm, Alu(Or, W64, Imm),    v1 (3, 18), "Or imm into dst.";
    "or64 X"                      0x4f, dst src    0     0, Alu(Or, W64, Reg),    v1 (3, 18), "Or src into dst.";
    "or32 K"                      0x44, dst   0    0   imm, Alu(Or, W32, Imm),    v1 (3, 18), "32 bits: or imm into dst.";
    "or32 X"                      0x4c, dst src    0     0, Alu(Or, W32, Reg),    v1 (3, 18), "32 bits: or src into dst.";
    "and64 K"                     0x57, dst   0    0   imm, Alu(And, W64, Imm),   v1 (3, 18), "And imm into dst.";
    "and64 X"                     0x5f, dst src    0     0, Alu(And, W64, Reg),   v1 (3, 18), "And src into dst.";
    "and32 K"                     0x54, dst   0    0   imm, Alu(And, W32, Imm),   v1 (3, 18), "32 bits: and imm into dst.";
    "and32 X"                     0x5c, dst src    0     0, Alu(And, W32, Reg),   v1 (3, 18), "32 bits: and src into dst.";
    "lsh64 K"                     0x67, dst   0    0   imm, Alu(Lsh, W64, Imm),   v1 (3, 18), "Shift dst left by imm.";
    "lsh64 X"                     0x6f, dst src    0     0, Alu(Lsh, W64, Reg),   v1 (3, 18), "Shift dst left by src.";
    "lsh32 K"                     0x64, dst   0    0   imm, Alu(Lsh, W32, Imm),   v1 (3, 18), "32 bits: shift dst left by imm.";
    "lsh32 X"                     0x6c, dst src    0     0, Alu(Lsh, W32, Reg),   v1 (3, 18), "32 bits: shift dst left by src.";
    "rsh64 K"                     0x77, dst   0    0   imm, Alu(Rsh, W64, Imm),   v1 (3, 18), "Shift dst right by imm, zeros come in.";
    "rsh64 X"                     0x7f, dst src    0     0, Alu(Rsh, W64, Reg),   v1 (3, 18), "Shift dst right by src, zeros come in.";
    "rsh32 K"                     0x74, dst   0    0   imm, Alu(Rsh, W32, Imm),   v1 (3, 18), "32 bits: shift dst right by imm, zeros come in.";
    "rsh32 X"                     0x7c, dst src    0     0, Alu(Rsh, W32, Reg),   v1 (3, 18), "32 bits: shift dst right by src, zeros come in.";
    "mod64 K"                     0x97, dst   0    0   imm, Alu(Mod, W64, Imm),   v1 (3, 18), "Unsigned remainder of dst by imm; by 0 leaves dst.";
    "mod64 X"                     0x9f, dst src    0     0, Alu(Mod, W64, Reg),   v1 (3, 18), "Unsigned remainder of dst by src; by 0 leaves dst.";
    "mod32 K"                     0x94, dst   0    0   imm, Alu(Mod, W32, Imm),   v1 (3, 18), "32 bits: unsigned remainder of dst by imm; by 0 leaves dst.";
    "mod32 X"                     0x9c, dst src    0     0, Alu(Mod, W32, Reg),   v1 (3, 18), "32 bits: unsigned remainder of dst by src; by 0 leaves dst.";
    "xor64 K"                     0xa7, dst   0    0   imm, Alu(Xor, W64, Imm),   v1 (3, 18), "Exclusive-or imm into dst.";
    "xor64 X"                     0xaf, dst src    0     0, Alu(Xor, W64, Reg),   v1 (3, 18), "Exclusive-or src into dst.";
    "xor32 K"                     0xa4, dst   0    0   imm, Alu(Xor, W32, Imm),   v1 (3, 18), "32 bits: exclusive-or imm into dst.";
    "xor32 X"                     0xac, dst src    0     0, Alu(Xor, W32, Reg),   v1 (3, 18), "32 bits: exclusive-or src into dst.";
    "mov64 K"                     0xb7, dst   0    0   imm, Alu(Mov, W64, Imm),   v1 (3, 18), "Set dst to imm.";
    "mov64 X"                     0xbf, dst src    0     0, Alu(Mov, W64, Reg),   v1 (3, 18), "Set dst to src.";
    "mov32 K"                     0xb4, dst   0    0   imm, Alu(Mov, W32, Imm),   v1 (3, 18), "32 bits: set dst to imm.";
    "mov32 X"                     0xbc, dst src    0     0, Alu(Mov, W32, Reg),   v1 (3, 18), "32 bits: set dst to src.";
    "arsh64 K"                    0xc7, dst   0    0   imm, Alu(Arsh, W64, Imm),  v1 (3, 18), "Shift dst right by imm, its sign comes in.";
    "arsh64 X"                    0xcf, dst src    0     0, Alu(Arsh, W64, Reg),  v1 (3, 18), "Shift dst right by src, its sign comes in.";
    "arsh32 K"                    0xc4, dst   0    0   imm, Alu(Arsh, W32, Imm),  v1 (3, 18), "32 bits: shift dst right by imm, its sign comes in.";
    "arsh32 X"                    0xcc, dst src    0     0, Alu(Arsh, W32, Reg),  v1 (3, 18), "32 bits: shift dst right by src, its sign comes in.";

    // Signed division (off = 1)
    "sdiv64 K"                    0x37, dst   0    1   imm, Alu(SDiv, W64, Imm),  v4 (6, 6),  "Divide dst, signed, by imm; by 0 gives 0.";
    "sdiv64 X"                    0x3f, dst src    1     0, Alu(SDiv, W64, Reg),  v4 (6, 6),  "Divide dst, signed, by src; by 0 gives 0.";
    "sdiv32 K"                    0x34, dst   0    1   imm, Alu(SDiv, W32, Imm),  v4 (6, 6),  "32 bits: divide dst, signed, by imm; by 0 gives 0.";
    "sdiv32 X"                    0x3c, dst src    1     0, Alu(SDiv, W32, Reg),  v4 (6, 6),  "32 bits: divide dst, signed, by src; by 0 gives 0.";
    "smod64 K"                    0x97, dst   0    1   imm, Alu(SMod, W64, Imm),  v4 (6, 6),  "Signed remainder of dst by imm; by 0 leaves dst.";
    "smod64 X"                    0x9f, dst src    1     0, Alu(SMod, W64, Reg),  v4 (6, 6),  "Signed remainder of dst by src; by 0 leaves dst.";
    "smod32 K"                    0x94, dst   0    1   imm, Alu(SMod, W32, Imm),  v4 (6, 6),  "32 bits: signed remainder of dst by imm; by 0 leaves dst.";
    "smod32 X"                    0x9c, dst src    1     0, Alu(SMod, W32, Reg),  v4 (6, 6),  "32 bits: signed remainder of dst by src; by 0 leaves dst.";

    // Moves that change what they move (off says how)
    "movsx64 8"                   0xbf, dst src    8     0, MovSx(W64, 8),        v4 (6, 6),  "Set dst to the low 8 bits of src, extended with their sign.";
    "movsx64 16"                  0xbf, dst src   16     0, MovSx(W64, 16),       v4 (6, 6),  "Set dst to the low 16 bits of src, extended with their sign.";
    "movsx64 32"                  0xbf, dst src   32     0, MovSx(W64, 32),       v4 (6, 6),  "Set dst to the low 32 bits of src, extended with their sign.";
    "movsx32 8"                   0xbc, dst src    8     0, MovSx(W32, 8),        v4 (6, 6),  "Set dst to the low 8 bits of src, extended with their sign to 32 bits.";
    "movsx32 16"                  0xbc, dst src   16     0, MovSx(W32, 16),       v4 (6, 6),  "Set dst to the low 16 bits of src, extended with their sign to 32 bits.";
    "addr_space_cast"             0xbf, dst src    1   imm, AddrSpaceCast,        v1 (6, 9),  "Set dst to src as a pointer of another address space; imm = to << 16 | from.";
    "mov percpu (internal)"       0xbf, dst src (-1)     0, MovPercpu,            v1 none,    "Set dst to this CPU's copy of what src points to; the kernel's own.";

    // Negation and byte swaps (RFC 9669 sections 4.1 and 4.2)
    "neg64"                       0x87, dst   0    0     0, Neg(W64, Imm),        v1 (3, 18), "Negate dst.";
    "neg32"                       0x84, dst   0    0     0, Neg(W32, Imm),        v1 (3, 18), "32 bits: negate dst.";
    "neg64 X(gas)"                0x8f, dst src    0     0, Neg(W64, Reg),        v1 none,    "A second encoding of negation, which no kernel takes.";
    "le16"                        0xd4, dst   0    0    16, Swap(Le, 16),         v1 (3, 18), "Convert the low 16 bits of dst to or from little endian; zero the rest.";
    "le32"                        0xd4, dst   0    0    32, Swap(Le, 32),         v1 (3, 18), "Convert the low 32 bits of dst to or from little endian; zero the rest.";
    "le64"                        0xd4, dst   0    0    64, Swap(Le, 64),         v1 (3, 18), "Convert the low 64 bits of dst to or from little endian.";
    "be16"                        0xdc, dst   0    0    16, Swap(Be, 16),         v1 (3, 18), "Convert the low 16 bits of dst to or from big endian; zero the rest.";
    "be32"                        0xdc, dst   0    0    32, Swap(Be, 32),         v1 (3, 18), "Convert the low 32 bits of dst to or from big endian; zero the rest.";
    "be64"                        0xdc, dst   0    0    64, Swap(Be, 64),         v1 (3, 18), "Convert the low 64 bits of dst to or from big endian.";
    "bswap16"                     0xd7, dst   0    0    16, Swap(Bswap, 16),      v4 (6, 6),  "Reverse the low 2 bytes of dst; zero the rest.";
    "bswap32"                     0xd7, dst   0    0    32, Swap(Bswap, 32),      v4 (6, 6),  "Reverse the low 4 bytes of dst; zero the rest.";
    "bswap64"                     0xd7, dst   0    0    64, Swap(Bswap, 64),      v4 (6, 6),  "Reverse the low 8 bytes of dst.";

    // Memory (RFC 9669 section 5)
    "ldxb"                        0x71, dst src  off     0, Load(B, false),       v1 (3, 18), "Load 1 byte at src + off.";
    "ldxh"                        0x69, dst src  off     0, Load(H, false),       v1 (3, 18), "Load 2 bytes at src + off.";
    "ldxw"                        0x61, dst src  off     0, Load(W, false),       v1 (3, 18), "Load 4 bytes at src + off.";
    "ldxdw"                       0x79, dst src  off     0, Load(DW, false),      v1 (3, 18), "Load 8 bytes at src + off.";
    "ldxsb"                       0x91, dst src  off     0, Load(B, true),        v4 (6, 6),  "Load 1 byte at src + off, extended with its sign.";
    "ldxsh"                       0x89, dst src  off     0, Load(H, true),        v4 (6, 6),  "Load 2 bytes at src + off, extended with their sign.";
    "ldxsw"                       0x81, dst src  off     0, Load(W, true),        v4 (6, 6),  "Load 4 bytes at src + off, extended with their sign.";
    "ldxsdw"                      0x99, dst src  off     0, Load(DW, true),       v4 none,    "Load 8 bytes at src + off; only GNU as has it, no kernel takes it.";
    "stxb"                        0x73, dst src  off     0, Store(B, Reg),        v1 (3, 18), "Store the low byte of src at dst + off.";
    "stxh"                        0x6b, dst src  off     0, Store(H, Reg),        v1 (3, 18), "Store the low 2 bytes of src at dst + off.";
    "stxw"                        0x63, dst src  off     0, Store(W, Reg),        v1 (3, 18), "Store the low 4 bytes of src at dst + off.";
    "stxdw"                       0x7b, dst src  off     0, Store(DW, Reg),       v1 (3, 18), "Store src at dst + off.";
    "stb"                         0x72, dst   0  off   imm, Store(B, Imm),        v1 (3, 18), "Store imm at dst + off as 1 byte.";
    "sth"                         0x6a, dst   0  off   imm, Store(H, Imm),        v1 (3, 18), "Store imm at dst + off as 2 bytes.";
    "stw"                         0x62, dst   0  off   imm, Store(W, Imm),        v1 (3, 18), "Store imm at dst + off as 4 bytes.";
    "stdw"                        0x7a, dst   0  off   imm, Store(DW, Imm),       v1 (3, 18), "Store imm at dst + off as 8 bytes, extended with its sign.";

    // Atomic operations (RFC 9669 section 5.3); imm says which
    "atomic add32"                0xc3, dst src  off   0x0, Lock(A::Add, W),      v1 (3, 18), "Add src to the 4 bytes at dst + off.";
    "atomic fetch add32"          0xc3, dst src  off   0x1, Fetch(A::Add, W),     v3 (5, 12), "Add src to the 4 bytes at dst + off; src becomes the old value.";
    "atomic add64"                0xdb, dst src  off   0x0, Lock(A::Add, DW),     v1 (3, 18), "Add src to the 8 bytes at dst + off.";
    "atomic fetch add64"          0xdb, dst src  off   0x1, Fetch(A::Add, DW),    v3 (5, 12), "Add src to the 8 bytes at dst + off; src becomes the old value.";
    "atomic or32"                 0xc3, dst src  off  0x40, Lock(A::Or, W),       v3 (5, 12), "Or src into the 4 bytes at dst + off.";
    "atomic fetch or32"           0xc3, dst src  off  0x41, Fetch(A::Or, W),      v3 (5, 12), "Or src into the 4 bytes at dst + off; src becomes the old value.";
    "atomic or64"                 0xdb, dst src  off  0x40, Lock(A::Or, DW),      v3 (5, 12), "Or src into the 8 bytes at dst + off.";
    "atomic fetch or64"           0xdb, dst src  off  0x41, Fetch(A::Or, DW),     v3 (5, 12), "Or src into the 8 bytes at dst + off; src becomes the old value.";
    "atomic and32"                0xc3, dst src  off  0x50, Lock(A::And, W),      v3 (5, 12), "And src into the 4 bytes at dst + off.";
    "atomic fetch and32"          0xc3, dst src  off  0x51, Fetch(A::And, W),     v3 (5, 12), "And src into the 4 bytes at dst + off; src becomes the old value.";
    "atomic and64"                0xdb, dst src  off  0x50, Lock(A::And, DW),     v3 (5, 12), "And src into the 8 bytes at dst + off.";
    "atomic fetch and64"          0xdb, dst src  off  0x51, Fetch(A::And, DW),    v3 (5, 12), "And src into the 8 bytes at dst + off; src becomes the old value.";
    "atomic xor32"                0xc3, dst src  off  0xa0, Lock(A::Xor, W),      v3 (5, 12), "Exclusive-or src into the 4 bytes at dst + off.";
    "atomic fetch xor32"          0xc3, dst src  off  0xa1, Fetch(A::Xor, W),     v3 (5, 12), "Exclusive-or src into the 4 bytes at dst + off; src becomes the old value.";
    "atomic xor64"                0xdb, dst src  off  0xa0, Lock(A::Xor, DW),     v3 (5, 12), "Exclusive-or src into the 8 bytes at dst + off.";
    "atomic fetch xor64"          0xdb, dst src  off  0xa1, Fetch(A::Xor, DW),    v3 (5, 12), "Exclusive-or src into the 8 bytes at dst + off; src becomes the old value.";
    "xchg32"                      0xc3, dst src  off  0xe1, Xchg(W),              v3 (5, 12), "Exchange src and the 4 bytes at dst + off.";
    "cmpxchg32"                   0xc3, dst src  off  0xf1, CmpXchg(W),           v3 (5, 12), "If the 4 bytes at dst + off equal r0, store src there; r0 becomes the old value.";
    "xchg64"                      0xdb, dst src  off  0xe1, Xchg(DW),             v3 (5, 12), "Exchange src and the 8 bytes at dst + off.";
    "cmpxchg64"                   0xdb, dst src  off  0xf1, CmpXchg(DW),          v3 (5, 12), "If the 8 bytes at dst + off equal r0, store src there; r0 becomes the old value.";
    "load_acq b"                  0xd3, dst src  off 0x100, LoadAcquire(B),       v4 (6, 15), "Load 1 byte at src + off; nothing later comes before it.";
    "store_rel b"                 0xd3, dst src  off 0x110, StoreRelease(B),      v4 (6, 15), "Store the low byte of src at dst + off; nothing earlier comes after it.";
    "load_acq h"                  0xcb, dst src  off 0x100, LoadAcquire(H),       v4 (6, 15), "Load 2 bytes at src + off; nothing later comes before it.";
    "store_rel h"                 0xcb, dst src  off 0x110, StoreRelease(H),      v4 (6, 15), "Store the low 2 bytes of src at dst + off; nothing earlier comes after it.";
    "load_acq w"                  0xc3, dst src  off 0x100, LoadAcquire(W),       v4 (6, 15), "Load 4 bytes at src + off; nothing later comes before it.";
    "store_rel w"                 0xc3, dst src  off 0x110, StoreRelease(W),      v4 (6, 15), "Store the low 4 bytes of src at dst + off; nothing earlier comes after it.";
    "load_acq dw"                 0xdb, dst src  off 0x100, LoadAcquire(DW),      v4 (6, 15), "Load 8 bytes at src + off; nothing later comes before it.";
    "store_rel dw"                0xdb, dst src  off 0x110, StoreRelease(DW),     v4 (6, 15), "Store src at dst + off; nothing earlier comes after it.";

    // 64-bit immediates, two slots (RFC 9669 section 5.4); src says what imm is
    "ld_imm64 src0 imm64"         0x18, dst   0    0   imm, LoadImm64(0),         v1 (3, 18), "Set dst to a 64-bit number.";
    "ld_imm64 src1 map_fd"        0x18, dst   1    0   imm, LoadImm64(1),         v1 (3, 18), "Set dst to the map whose file descriptor is imm.";
    "ld_imm64 src2 map_value"     0x18, dst   2    0   imm, LoadImm64(2),         v1 (5, 2),  "Set dst to the address of byte imm >> 32 of the value of the map of that descriptor.";
    "ld_imm64 src3 btf_id"        0x18, dst   3    0   imm, LoadImm64(3),         v1 (5, 10), "Set dst to the address of the kernel variable whose BTF id is imm.";
    "ld_imm64 src4 func"          0x18, dst   4    0   imm, LoadImm64(4),         v1 (5, 13), "Set dst to the address of the function imm + 1 slots from here.";
    "ld_imm64 src5 map_idx"       0x18, dst   5    0   imm, LoadImm64(5),         v1 (5, 14), "Set dst to the map at index imm of fd_array.";
    "ld_imm64 src6 map_idx_value" 0x18, dst   6    0   imm, LoadImm64(6),         v1 (5, 14), "Set dst to the address of byte imm >> 32 of the value of the map at that index of fd_array.";

    // Packet access of old (RFC 9669 section 5.5)
    "ldabsb"                      0x30,   0   0    0   imm, LoadAbs(B),           v1 (3, 18), "Set r0 to 1 byte of the packet at imm; a miss ends the program.";
    "ldindb"                      0x50,   0 src    0   imm, LoadInd(B),           v1 (3, 18), "Set r0 to 1 byte of the packet at src + imm; a miss ends the program.";
    "ldabsh"                      0x28,   0   0    0   imm, LoadAbs(H),           v1 (3, 18), "Set r0 to 2 bytes of the packet at imm, in host order; a miss ends the program.";
    "ldindh"                      0x48,   0 src    0   imm, LoadInd(H),           v1 (3, 18), "Set r0 to 2 bytes of the packet at src + imm, in host order; a miss ends the program.";
    "ldabsw"                      0x20,   0   0    0   imm, LoadAbs(W),           v1 (3, 18), "Set r0 to 4 bytes of the packet at imm, in host order; a miss ends the program.";
    "ldindw"                      0x40,   0 src    0   imm, LoadInd(W),           v1 (3, 18), "Set r0 to 4 bytes of the packet at src + imm, in host order; a miss ends the program.";

    // Jumps (RFC 9669 section 4.3)
    "ja"                          0x05,   0   0  off     0, Goto,                 v1 (3, 18), "Jump off slots.";
    "gotol"                       0x06,   0   0    0   imm, Gotol,                v4 (6, 6),  "Jump imm slots.";
    "gotox (ja|x)"                0x0d, dst   0    0     0, Gotox,                v4 (6, 19), "Jump to the address in dst, taken from an insn_array.";
    "may_goto"                    0xe5,   0   0  off     0, MayGoto,              v1 (6, 9),  "Jump off slots when the program's budget of loops is used up.";
    "jeq K"                       0x15, dst   0  off   imm, If(C::Eq, W64, Imm),  v1 (3, 18), "Jump off slots if dst equals imm.";
    "jeq X"                       0x1d, dst src  off     0, If(C::Eq, W64, Reg),  v1 (3, 18), "Jump off slots if dst equals src.";
    "jeq32 K"                     0x16, dst   0  off   imm, If(C::Eq, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst equals imm.";
    "jeq32 X"                     0x1e, dst src  off     0, If(C::Eq, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst equals src.";
    "jgt K"                       0x25, dst   0  off   imm, If(C::Gt, W64, Imm),  v1 (3, 18), "Jump off slots if dst is above imm.";
    "jgt X"                       0x2d, dst src  off     0, If(C::Gt, W64, Reg),  v1 (3, 18), "Jump off slots if dst is above src.";
    "jgt32 K"                     0x26, dst   0  off   imm, If(C::Gt, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst is above imm.";
    "jgt32 X"                     0x2e, dst src  off     0, If(C::Gt, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst is above src.";
    "jge K"                       0x35, dst   0  off   imm, If(C::Ge, W64, Imm),  v1 (3, 18), "Jump off slots if dst is at or above imm.";
    "jge X"                       0x3d, dst src  off     0, If(C::Ge, W64, Reg),  v1 (3, 18), "Jump off slots if dst is at or above src.";
    "jge32 K"                     0x36, dst   0  off   imm, If(C::Ge, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst is at or above imm.";
    "jge32 X"                     0x3e, dst src  off     0, If(C::Ge, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst is at or above src.";
    "jset K"                      0x45, dst   0  off   imm, If(C::Set, W64, Imm), v1 (3, 18), "Jump off slots if dst shares a set bit with imm.";
    "jset X"                      0x4d, dst src  off     0, If(C::Set, W64, Reg), v1 (3, 18), "Jump off slots if dst shares a set bit with src.";
    "jset32 K"                    0x46, dst   0  off   imm, If(C::Set, W32, Imm), v3 (5, 1),  "32 bits: jump off slots if dst shares a set bit with imm.";
    "jset32 X"                    0x4e, dst src  off     0, If(C::Set, W32, Reg), v3 (5, 1),  "32 bits: jump off slots if dst shares a set bit with src.";
    "jne K"                       0x55, dst   0  off   imm, If(C::Ne, W64, Imm),  v1 (3, 18), "Jump off slots if dst is not imm.";
    "jne X"                       0x5d, dst src  off     0, If(C::Ne, W64, Reg),  v1 (3, 18), "Jump off slots if dst is not src.";
    "jne32 K"                     0x56, dst   0  off   imm, If(C::Ne, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst is not imm.";
    "jne32 X"                     0x5e, dst src  off     0, If(C::Ne, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst is not src.";
    "jsgt K"                      0x65, dst   0  off   imm, If(C::SGt, W64, Imm), v1 (3, 18), "Jump off slots if dst is greater than imm.";
    "jsgt X"                      0x6d, dst src  off     0, If(C::SGt, W64, Reg), v1 (3, 18), "Jump off slots if dst is greater than src.";
    "jsgt32 K"                    0x66, dst   0  off   imm, If(C::SGt, W32, Imm), v3 (5, 1),  "32 bits: jump off slots if dst is greater than imm.";
    "jsgt32 X"                    0x6e, dst src  off     0, If(C::SGt, W32, Reg), v3 (5, 1),  "32 bits: jump off slots if dst is greater than src.";
    "jsge K"                      0x75, dst   0  off   imm, If(C::SGe, W64, Imm), v1 (3, 18), "Jump off slots if dst is greater than or equal to imm.";
    "jsge X"                      0x7d, dst src  off     0, If(C::SGe, W64, Reg), v1 (3, 18), "Jump off slots if dst is greater than or equal to src.";
    "jsge32 K"                    0x76, dst   0  off   imm, If(C::SGe, W32, Imm), v3 (5, 1),  "32 bits: jump off slots if dst is greater than or equal to imm.";
    "jsge32 X"                    0x7e, dst src  off     0, If(C::SGe, W32, Reg), v3 (5, 1),  "32 bits: jump off slots if dst is greater than or equal to src.";
    "jlt K"                       0xa5, dst   0  off   imm, If(C::Lt, W64, Imm),  v2 (4, 14), "Jump off slots if dst is below imm.";
    "jlt X"                       0xad, dst src  off     0, If(C::Lt, W64, Reg),  v2 (4, 14), "Jump off slots if dst is below src.";
    "jlt32 K"                     0xa6, dst   0  off   imm, If(C::Lt, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst is below imm.";
    "jlt32 X"                     0xae, dst src  off     0, If(C::Lt, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst is below src.";
    "jle K"                       0xb5, dst   0  off   imm, If(C::Le, W64, Imm),  v2 (4, 14), "Jump off slots if dst is at or below imm.";
    "jle X"                       0xbd, dst src  off     0, If(C::Le, W64, Reg),  v2 (4, 14), "Jump off slots if dst is at or below src.";
    "jle32 K"                     0xb6, dst   0  off   imm, If(C::Le, W32, Imm),  v3 (5, 1),  "32 bits: jump off slots if dst is at or below imm.";
    "jle32 X"                     0xbe, dst src  off     0, If(C::Le, W32, Reg),  v3 (5, 1),  "32 bits: jump off slots if dst is at or below src.";
    "jslt K"                      0xc5, dst   0  off   imm, If(C::SLt, W64, Imm), v2 (4, 14), "Jump off slots if dst is less than imm.";
    "jslt X"                      0xcd, dst src  off     0, If(C::SLt, W64, Reg), v2 (4, 14), "Jump off slots if dst is less than src.";
    "jslt32 K"                    0xc6, dst   0  off   imm, If(C::SLt, W32, Imm), v3 (5, 1),  "32 bits: jump off slots if dst is less than imm.";
    "jslt32 X"                    0xce, dst src  off     0, If(C::SLt, W32, Reg), v3 (5, 1),  "32 bits: jump off slots if dst is less than src.";
    "jsle K"                      0xd5, dst   0  off   imm, If(C::SLe, W64, Imm), v2 (4, 14), "Jump off slots if dst is less than or equal to imm.";
    "jsle X"                      0xdd, dst src  off     0, If(C::SLe, W64, Reg), v2 (4, 14), "Jump off slots if dst is less than or equal to src.";
    "jsle32 K"                    0xd6, dst   0  off   imm, If(C::SLe, W32, Imm), v3 (5, 1),  "32 bits: jump off slots if dst is less than or equal to imm.";
    "jsle32 X"                    0xde, dst src  off     0, If(C::SLe, W32, Reg), v3 (5, 1),  "32 bits: jump off slots if dst is less than or equal to src.";

    // Calls and the end
    "call helper"                 0x85,   0   0    0   imm, CallHelper,           v1 (3, 18), "Call helper number imm.";
    "call local"                  0x85,   0   1    0   imm, CallLocal,            v1 (4, 16), "Call the function imm + 1 slots from here.";
    "call kfunc"                  0x85,   0   2  off   imm, CallKfunc,            v1 (5, 13), "Call the kernel function whose BTF id is imm, of the module at index off of fd_array.";
    "callx dst"                   0x8d, dst   0    0     0, CallX,                v1 none,    "Call the address in dst; no kernel takes it.";
    "exit"                        0x95,   0   0    0     0, Exit,                 v1 (3, 18), "Return r0 to the caller, or end the program.";
    "nospec"                      0xc2,   0   0    0     0, Nospec,               v1 none,    "A barrier to speculation; the kernel's own.";
};
