//! Byte order of constants and initial values, against a model that knows bytes only.

mod common;

use bpfasm_asm::isa::{Endian, Insn};
use common::{BOTH, assemble, body, errors};
use proptest::prelude::*;

/// The bytes of a number in memory.
fn memory(value: u64, size: usize, endian: Endian) -> Vec<u8> {
    match endian {
        Endian::Little => value.to_le_bytes()[..size].to_vec(),
        Endian::Big => value.to_be_bytes()[8 - size..].to_vec(),
    }
}

/// The bytes that a program stores in memory with these instructions, seen as the target sees its immediates.
fn stored(insn: &Insn, size: usize, endian: Endian) -> Vec<u8> {
    let low = u64::from(insn.imm.cast_unsigned());
    let value = insn.hi.map_or(low, |hi| u64::from(hi.cast_unsigned()) << 32 | low);
    memory(value & (u64::MAX >> (64 - 8 * size)), size, endian)
}

proptest! {
    #[test]
    fn initial_values(a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: i64, ip: [u8; 4]) {
        let ip_text = ip.map(|byte| byte.to_string()).join(".");
        let text = format!(
            "config a: u8 = {a}\nconfig b: u16 = {b}\nconfig c: u32 = {c}\nconfig d: u64 = {d}\n\
             config e: s8 = {e}\nconfig f: s16 = {f}\nconfig g: s32 = {g}\nconfig h: s64 = {h}\n\
             config i: be16 = be16({b})\nconfig j: be32 = be32({c})\nconfig k: be64 = be64({d})\n\
             config l: ip4 = {ip_text}\nconfig m: be32 = ip4({ip_text})\nconfig n: char = 'x'\nconfig o: bool = 1\n{}",
            body(" exit")
        );
        for endian in BOTH {
            let object = assemble(&text, endian).map_err(TestCaseError::fail)?;
            let rodata = &object.data[0];
            let expected: Vec<(&str, Vec<u8>)> = vec![
                ("a", memory(a.into(), 1, endian)),
                ("b", memory(b.into(), 2, endian)),
                ("c", memory(c.into(), 4, endian)),
                ("d", memory(d, 8, endian)),
                ("e", memory(i64::from(e).cast_unsigned() & 0xff, 1, endian)),
                ("f", memory(i64::from(f).cast_unsigned() & 0xffff, 2, endian)),
                ("g", memory(i64::from(g).cast_unsigned() & 0xffff_ffff, 4, endian)),
                ("h", memory(h.cast_unsigned(), 8, endian)),
                // Network order is the same on every machine.
                ("i", b.to_be_bytes().to_vec()),
                ("j", c.to_be_bytes().to_vec()),
                ("k", d.to_be_bytes().to_vec()),
                ("l", ip.to_vec()),
                ("m", ip.to_vec()),
                ("n", b"x".to_vec()),
                ("o", vec![1]),
            ];
            for (name, bytes) in expected {
                let (_, var) = object.var(name).expect("the variable");
                let at = var.offset as usize;
                prop_assert_eq!(at % bytes.len(), 0, "alignment of {}", name);
                prop_assert_eq!(&rodata.bytes[at..at + bytes.len()], &bytes[..], "{} in {:?}", name, endian);
            }
        }
    }

    #[test]
    fn immediates(b: u16, c: u32, d: u64, ip: [u8; 4]) {
        let ip_text = ip.map(|byte| byte.to_string()).join(".");
        let text = body(&format!(
            " w1 = be16({b})\n w1 = be32({c})\n r1 = be64({d}) ll\n w1 = {ip_text}\n w1 = ip4({ip_text})\n\
             *(u16 *)(r10 - 8) = be16({b})\n exit"
        ));
        for endian in BOTH {
            let object = assemble(&text, endian).map_err(TestCaseError::fail)?;
            let insns: Vec<Insn> = object.funcs[0].insns.iter().collect();
            prop_assert_eq!(stored(&insns[0], 2, endian), b.to_be_bytes());
            prop_assert_eq!(stored(&insns[1], 4, endian), c.to_be_bytes());
            prop_assert_eq!(stored(&insns[2], 8, endian), d.to_be_bytes());
            prop_assert_eq!(stored(&insns[3], 4, endian), ip);
            prop_assert_eq!(stored(&insns[4], 4, endian), ip);
            prop_assert_eq!(stored(&insns[5], 2, endian), b.to_be_bytes());
            // Compared with what a load of the field gives, the upper half is zero.
            prop_assert_eq!(insns[0].imm >> 16, 0);
        }
    }

    /// Constant expressions against 128-bit arithmetic, and precedence as in C.
    #[test]
    fn arithmetic(a in -1000i64..1000, b in 1i64..50, c in 0i64..1000) {
        let cases = [
            (format!("{a} + {b} * {c}"), a + b * c),
            (format!("({a} + {b}) * {c}"), (a + b) * c),
            (format!("{a} - {b} - {c}"), a - b - c),
            (format!("{a} / {b} % 7"), a / b % 7),
            (format!("{c} << {b} >> {b}"), c),
            (format!("{c} & 0xf0 | {b} ^ 3"), c & 0xf0 | b ^ 3),
            (format!("{a} < {c} == {b} > 30"), i64::from((a < c) == (b > 30))),
            (format!("{a} > 5 || {b} > 5 && {c} == 0"), i64::from(a > 5 || b > 5 && c == 0)),
            (format!("-{b} + ~{c} + !{c}"), -b + !c + i64::from(c == 0)),
        ];
        for (text, expected) in cases {
            let object = assemble(&format!("const X = {text}\n{}", body(" r1 = X ll\n exit")), Endian::Little);
            prop_assert_eq!(object.map_err(TestCaseError::fail)?.funcs[0].insns.get(0).map(|i| i.imm64()), Some(expected), "{}", text);
        }
    }
}

#[test]
fn numbers_that_do_not_fit() {
    for (declaration, code) in [
        ("config a: u8 = 256", "E0303"),
        ("config a: u8 = -1", "E0303"),
        ("config a: s8 = 128", "E0303"),
        ("config a: bool = 2", "E0303"),
        ("config a: u64 = -1", "E0303"),
        ("config a: be16 = be16(65536)", "E0303"),
        ("config a: be16 = be32(1)", "E0305"),
        ("config a: be16 = be32(0x10000)", "E0305"),
        ("config a: be16 = 8080", "E0305"),
        ("config a: be16 = be16(be16(1))", "E0305"),
        ("config a: char[3] = \"abc\"", "E0303"),
        ("config a: ip6 = 5", "E0302"),
        ("config a: u32[2] = 5", "E0302"),
        ("const A = 1 << 64", "E0303"),
        ("const A = 0xffffffffffffffff + 1", "E0303"),
        ("const A = -0x8000000000000001", "E0303"),
        ("const A = 1 / 0", "E0303"),
        ("const A = 1 % (2 - 2)", "E0303"),
    ] {
        let found = errors(&format!("{declaration}\n{}", body(" exit")));
        assert_eq!(found.first().copied().unwrap_or(""), code, "{declaration}");
    }
}
