//! Types: what bit fields, enums, aliases and first values come to.

mod common;

use bpfasm_asm::btf::{Kind, TypeId};
use bpfasm_asm::isa::{AluOp, Endian, Insn, Rhs, Syntax, Width};
use bpfasm_asm::object::{DataKind, Object};
use common::{BOTH, assemble, body};

/// The memory and registers of a machine that knows what the macros of bit fields use.
struct Machine {
    endian: Endian,
    registers: [u64; 11],
    memory: Vec<u8>,
}

impl Machine {
    /// Runs to the end; r6 points to the start of memory.
    fn run(&mut self, insns: &[Insn]) {
        for insn in insns {
            let (dst, src) = (usize::from(insn.dst), usize::from(insn.src));
            let at = |base: usize| {
                assert_eq!(base, 6, "the base register");
                usize::try_from(insn.off).expect("an offset")
            };
            match insn.form().expect("an instruction").syntax {
                Syntax::Load(size, false) => {
                    let bytes = self.memory[at(src)..][..usize::from(size.bytes())].iter();
                    let shift = |n: u64, b: &u8| n << 8 | u64::from(*b);
                    self.registers[dst] = match self.endian {
                        Endian::Little => bytes.rev().fold(0, shift),
                        Endian::Big => bytes.fold(0, shift),
                    };
                }
                Syntax::Store(size, Rhs::Reg) => {
                    let size = usize::from(size.bytes());
                    let room = &mut self.memory[at(dst)..][..size];
                    match self.endian {
                        Endian::Little => room.copy_from_slice(&self.registers[src].to_le_bytes()[..size]),
                        Endian::Big => room.copy_from_slice(&self.registers[src].to_be_bytes()[8 - size..]),
                    }
                }
                Syntax::Alu(op, width, rhs) => {
                    let b = match rhs {
                        Rhs::Reg => self.registers[src],
                        Rhs::Imm => i64::from(insn.imm).cast_unsigned(),
                    };
                    let (a, b) = match width {
                        Width::W32 => (self.registers[dst] & 0xffff_ffff, b & 0xffff_ffff),
                        Width::W64 => (self.registers[dst], b),
                    };
                    let result = match op {
                        AluOp::Mov => b,
                        AluOp::And => a & b,
                        AluOp::Or => a | b,
                        AluOp::Xor => a ^ b,
                        AluOp::Lsh => a << b,
                        AluOp::Rsh => a >> b,
                        AluOp::Arsh if width == Width::W64 => (a.cast_signed() >> b).cast_unsigned(),
                        op => panic!("{op:?}"),
                    };
                    self.registers[dst] = if width == Width::W32 { result & 0xffff_ffff } else { result };
                }
                Syntax::Exit => return,
                syntax => panic!("{syntax:?}"),
            }
        }
    }
}

fn insns(object: &Object) -> Vec<Insn> {
    object.funcs[0].insns.iter().map(|insn| insn.to_owned()).collect()
}

fn data(object: &Object) -> &[u8] {
    &object.data.iter().find(|d| d.kind == DataKind::Data).expect(".data").bytes
}

/// What a list in braces writes is what `load_bits!` reads, and what `store_bits!` writes.
#[test]
fn bit_fields_are_loaded_and_stored() {
    for endian in BOTH {
        for (packed, fields) in [
            ("", "a: u8 : 4, b: u8 : 4"),
            ("", "a: u32 : 3, b: u32 : 29"),
            ("", "a: u16 : 3, _: u16 : 0, b: u16 : 13, c: s32 : 7, d: s64 : 33"),
            ("", "a: u64 : 40, b: u64 : 24, c: u64 : 64, d: s64 : 64, e: bool : 1"),
            ("packed ", "a: u8 : 1, b: u32 : 32, c: s16 : 15, d: u32 : 31, e: u64 : 33, f: s8 : 5"),
            ("packed ", "a: u8 : 7, b: u64 : 57, c: u8 : 8, d: s32 : 32"),
        ] {
            let names: Vec<(&str, u32, bool)> = fields
                .split(", ")
                .filter_map(|f| f.split_once(": "))
                .filter(|(name, _)| *name != "_")
                .map(|(name, ty)| {
                    let (ty, bits) = ty.split_once(" : ").unwrap();
                    (name, bits.parse().unwrap(), ty.starts_with('s'))
                })
                .collect();
            for (name, bits, signed) in names {
                for pattern in [0u64, u64::MAX, 0x1234_5678_9abc_def5] {
                    let raw = pattern & (u64::MAX >> (64 - bits));
                    let value = match signed {
                        true => i128::from((raw << (64 - bits)).cast_signed() >> (64 - bits)),
                        false => i128::from(raw),
                    };
                    let text = format!(
                        "import \"macros\"\n{packed}struct t {{ {fields} }}\nglobal g: t = {{ {name}: {value} }}\n{}",
                        body(&format!(
                            "view v = r6: t\nload_bits! r2, v->{name}\nstore_bits! v->{name}, r3, tmp=r4\nexit"
                        ))
                    );
                    let object = assemble(&text, endian).unwrap_or_else(|e| panic!("{e}"));
                    let bytes = data(&object).to_vec();
                    let mut machine = Machine { endian, registers: [0; 11], memory: bytes.clone() };
                    // What stands in the register beside the value does no harm.
                    machine.registers[3] = !raw;
                    machine.run(&insns(&object));
                    let loaded = match signed {
                        true => i128::from(machine.registers[2].cast_signed()),
                        false => i128::from(machine.registers[2]),
                    };
                    assert_eq!(loaded, value, "{endian:?} {text}");
                    // Stored inverted, and once more as it was, with all other bits set.
                    let others: Vec<u8> = bytes.iter().zip(&machine.memory).map(|(a, b)| !(a ^ b)).collect();
                    assert_eq!(
                        others.iter().map(|b| b.count_zeros()).sum::<u32>(),
                        bits,
                        "{endian:?} {text}"
                    );
                    machine.memory = others.iter().zip(&bytes).map(|(o, b)| o | b).collect();
                    let set = machine.memory.clone();
                    machine.registers[3] = raw;
                    machine.run(&insns(&object));
                    assert_eq!(machine.memory, set, "{endian:?} {text}");
                }
            }
        }
    }
}

#[test]
fn functions_of_bit_fields() {
    let text = "struct t { first: u8, a: u16 : 3, b: u16 : 5, c: s32 : 6 }
        struct outer { pad: u32, in: t }
        const OFFSET = bitoffsetof(outer, in.b) + 100 * bitsizeof(t, b) + 10000 * bitsigned(t, c)
        global g: u64 = OFFSET + 100000 * bitshift(t, a) + 1000000 * offsetof(outer, in.a)";
    for (endian, shift) in [(Endian::Little, 0), (Endian::Big, 5)] {
        let object = assemble(text, endian).unwrap();
        let bytes: [u8; 8] = data(&object).try_into().unwrap();
        let value =
            if endian == Endian::Little { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) };
        assert_eq!(value, 32 + 8 + 3 + 500 + 10_000 + 100_000 * shift + 1_000_000 * 5);
    }
}

/// Where they lie in another kernel is not known here: nothing is guessed.
#[test]
fn bit_fields_that_move() {
    let text = |line: &str| {
        format!(
            "@core struct t {{ a: u32 : 9, b: u32 : 3 }}\n{}",
            body(&format!("view v = r6: t\n{line}\nexit"))
        )
    };
    for line in ["w2 = bitunit(v->b)", "w2 = bitshift(v->b)", "w2 = bitshift(t, b)"] {
        assert_eq!(common::errors(&text(line)), ["E0309"], "{line}");
    }
}

#[test]
fn enums_are_constants_and_types() {
    let text = "enum proto: be16 { IP = 0x0800, NEXT, ARP = be16(0x0806) }
        enum big { A = 5, B = A + 1, C }
        global g: proto = ARP
        global h: proto[2] = { IP, proto.NEXT }
        global i: big = C";
    for endian in BOTH {
        let object = assemble(text, endian).unwrap();
        assert_eq!(data(&object)[..6], [8, 6, 8, 0, 8, 1]);
        let Some(Kind::Enum { size: 2, signed: false, values }) =
            object.btf.by_name("proto").and_then(|id| object.btf.resolved(id))
        else {
            panic!("no enum")
        };
        let swapped = if endian == Endian::Little { 8 } else { 0x800 };
        assert_eq!((values[0].name.as_str(), values[0].value), ("IP", swapped));
    }
}

/// Pointers bring in structs that are declared, to any depth; others are known by name.
#[test]
fn pointers_in_btf() {
    let mut text = String::from("struct later\nglobal g: n0\n");
    for i in 0..5000 {
        text += &format!("struct n{i} {{ next: *n{}, other: *later, f: *func(s: *n0) }}\n", i + 1);
    }
    let btf = assemble(&text, Endian::Little).unwrap().btf;
    let kind = |id: TypeId| btf.get(id).map(|ty| &ty.kind);
    assert!(matches!(btf.by_name("n4999").and_then(kind), Some(Kind::Struct { size: 24, .. })));
    for name in ["n5000", "later"] {
        assert!(matches!(btf.by_name(name).and_then(kind), Some(Kind::Fwd { union: false })), "{name}");
    }
}

#[test]
fn aliases_are_what_they_stand_for() {
    let text = "type port = be16\ntype pair = port[2]\nstruct t { p: pair, n: s8 }\ntype name = t
        global g: name = { p: { be16(1), be16(2) }, n: -1 }";
    let object = assemble(text, Endian::Little).unwrap();
    assert_eq!(data(&object), [0, 1, 0, 2, 255, 0]);
    let names: Vec<_> = object.btf.types.iter().map(|ty| ty.name.as_str()).collect();
    assert!(["port", "pair", "name"].iter().all(|name| names.contains(name)), "{names:?}");
}
