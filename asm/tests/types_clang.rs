//! Layouts, BTF and first values of random types, against what clang makes of the same types in C.

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bpfasm_asm::btf::{Btf, Kind, TypeId, decode};
use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{DataKind, Object};
use goblin::elf::Elf;

const CLANG: &str = "clang-19";

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// A number type: our name, C's, and its bytes.
const NUMBERS: &[(&str, &str, u32)] = &[
    ("u8", "unsigned char", 1),
    ("u16", "unsigned short", 2),
    ("u32", "unsigned int", 4),
    ("u64", "unsigned long long", 8),
    ("s8", "signed char", 1),
    ("s16", "short", 2),
    ("s32", "int", 4),
    ("s64", "long long", 8),
    ("bool", "_Bool", 1),
    ("char", "char", 1),
    ("be16", "unsigned short", 2),
    ("be32", "unsigned int", 4),
    ("be64", "unsigned long long", 8),
    ("SMALL", "enum SMALL", 1),
    ("PLAIN", "enum PLAIN", 4),
    ("MINUS", "enum MINUS", 4),
    ("WIDE", "enum WIDE", 8),
];

const ENUMS: (&str, &str) = (
    "enum SMALL: u8 { L0, L1 = 200 }\nenum PLAIN { P0, P1 = 5, P2 }\nenum MINUS { M0 = -5, M1 }\n\
     enum WIDE: u64 { W0 = 1 << 40, W1 }\n",
    "enum SMALL: unsigned char { L0, L1 = 200 };\nenum PLAIN { P0, P1 = 5, P2 };\nenum MINUS { M0 = -5, M1 };\n\
     enum WIDE: unsigned long long { W0 = 1ull << 40, W1 };\n",
);

/// Types and variables in both languages.
struct Texts {
    random: Random,
    endian: Endian,
    ours: String,
    c: String,
    /// Names of structs that end.
    whole: Vec<String>,
    names: usize,
}

/// A value in both languages.
type Value = (String, String);

impl Texts {
    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// A value that fits into so many bits of a number type.
    fn number(&mut self, ours: &str, bits: u32) -> Value {
        let n = self.random.below(1 << 31) | self.random.below(1 << 31) << 31 | self.random.below(4) << 62;
        let n = n & (u64::MAX >> (64 - bits));
        match ours {
            "bool" => ((n & 1).to_string(), (n & 1).to_string()),
            "be16" | "be32" | "be64" => {
                let c = match self.endian {
                    Endian::Little => format!("__builtin_bswap{}({n}ull)", &ours[2..]),
                    Endian::Big => format!("{n}ull"),
                };
                (format!("{ours}({n})"), c)
            }
            "s8" | "s16" | "s32" | "s64" | "MINUS" => {
                let n = (n << (64 - bits)).cast_signed() >> (64 - bits);
                (
                    n.to_string(),
                    if n == i64::MIN { "(-9223372036854775807ll-1)".into() } else { format!("{n}ll") },
                )
            }
            "char" => ((n & 0x7f).to_string(), (n & 0x7f).to_string()),
            _ => (n.to_string(), format!("{n}ull")),
        }
    }

    /// The members of a struct or union, and values for some of them.
    fn members(&mut self, depth: u32, union: bool, ours: &mut String, c: &mut String) -> Option<Value> {
        let (mut a, mut b) = (String::new(), String::new());
        let count = 1 + self.random.below(6);
        for _ in 0..count {
            let value = self.member(depth, ours, c);
            if let Some((x, y)) = value
                && (a.is_empty() || !union)
            {
                let comma = if a.is_empty() { "" } else { ", " };
                let _ = write!(a, "{comma}{x}");
                let _ = write!(b, "{comma}{y}");
            }
        }
        (!a.is_empty()).then_some((a, b))
    }

    fn member(&mut self, depth: u32, ours: &mut String, c: &mut String) -> Option<Value> {
        let name = self.name("f");
        let (number, c_number, size) = self.random.one(NUMBERS);
        let align = if self.random.chance(8) { 1 << self.random.below(5) } else { 0 };
        let (our_align, c_align) = match align {
            0 => (String::new(), String::new()),
            n => (format!(" align({n})"), format!(" __attribute__((aligned({n})))")),
        };
        match self.random.below(10) {
            0..4 if !number.starts_with("be") => {
                let most = if number == "bool" { 1 } else { size * 8 };
                let bits = 1 + u32::try_from(self.random.below(u64::from(most))).unwrap();
                match self.random.below(8) {
                    0 => {
                        let _ = writeln!(ours, "_: {number} : 0");
                        let _ = writeln!(c, "{c_number} : 0;");
                        None
                    }
                    1 => {
                        let _ = writeln!(ours, "_: {number} : {bits}");
                        let _ = writeln!(c, "{c_number} : {bits};");
                        None
                    }
                    _ => {
                        let _ = writeln!(ours, "{name}: {number} : {bits}{our_align}");
                        let _ = writeln!(c, "{c_number} {name} : {bits}{c_align};");
                        let (x, y) = if number == "char" {
                            ("0".into(), "0".into())
                        } else {
                            self.number(number, bits)
                        };
                        Some((format!("{name}: {x}"), format!(".{name} = {y}")))
                    }
                }
            }
            4 => {
                let (n, m) = (1 + self.random.below(3), 1 + self.random.below(3));
                if self.random.chance(50) {
                    let _ = writeln!(ours, "{name}: {number}[{n}][{m}]{our_align}");
                    let _ = writeln!(c, "{c_number} {name}[{n}][{m}]{c_align};");
                    return None;
                }
                let _ = writeln!(ours, "{name}: {number}[{n}]{our_align}");
                let _ = writeln!(c, "{c_number} {name}[{n}]{c_align};");
                (number != "char").then(|| {
                    let (x, y) = self.number(number, size * 8);
                    (format!("{name}: {{ {x} }}"), format!(".{name} = {{ {y} }}"))
                })
            }
            5 => {
                let (ours_to, c_to) = self.random.one(&[
                    ("*u32", "unsigned int *"),
                    ("*nobody", "struct nobody *"),
                    ("*void", "void *"),
                    ("**u8", "unsigned char **"),
                ]);
                let _ = writeln!(ours, "{name}: {ours_to}{our_align}");
                let _ = writeln!(c, "{c_to}{name}{c_align};");
                None
            }
            6 if !self.whole.is_empty() => {
                let of = self.random.below(self.whole.len() as u64);
                let of = self.whole[usize::try_from(of).unwrap()].clone();
                let _ = writeln!(ours, "{name}: {of}{our_align}");
                let _ = writeln!(c, "struct {of} {name}{c_align};");
                None
            }
            7 if depth < 3 => {
                let packed = self.random.chance(15);
                let union = self.random.chance(50);
                let keyword = if union { "union" } else { "struct" };
                let named = self.random.chance(50);
                let (ours_packed, c_packed) =
                    if packed { ("packed ", " __attribute__((packed))") } else { ("", "") };
                let _ = writeln!(
                    ours,
                    "{}{ours_packed}{keyword} {{",
                    if named { format!("{name}: ") } else { String::new() }
                );
                let _ = writeln!(c, "{keyword}{c_packed} {{");
                let value = self.members(depth + 1, union, ours, c);
                let _ = writeln!(ours, "}}");
                let _ = writeln!(c, "}} {};", if named { name.as_str() } else { "" });
                match value {
                    Some((x, y)) if named => {
                        Some((format!("{name}: {{ {x} }}"), format!(".{name} = {{ {y} }}")))
                    }
                    Some((x, y)) if !union => Some((x, y)),
                    _ => None,
                }
            }
            _ => {
                let _ = writeln!(ours, "{name}: {number}{our_align}");
                let _ = writeln!(c, "{c_number} {name}{c_align};");
                let (x, y) = self.number(number, size * 8);
                Some((format!("{name}: {x}"), format!(".{name} = {y}")))
            }
        }
    }

    fn structure(&mut self) {
        let name = self.name("S");
        let packed = self.random.chance(20);
        let align = if self.random.chance(15) { 1u32 << self.random.below(6) } else { 0 };
        let flexible = self.random.chance(10);
        let (mut ours, mut c) = (String::new(), String::new());
        let value = self.members(0, false, &mut ours, &mut c);
        if flexible {
            // C wants a member before it.
            ours.insert_str(0, "first: u8\n");
            c.insert_str(0, "unsigned char first;\n");
            ours += "rest: u16[]\n";
            c += "unsigned short rest[];\n";
        }
        let (our_packed, c_packed) = if packed { ("packed ", " __attribute__((packed))") } else { ("", "") };
        let (our_align, c_align) = match align {
            0 => (String::new(), String::new()),
            n => (format!(" align({n})"), format!(" __attribute__((aligned({n})))")),
        };
        let _ = writeln!(self.ours, "{our_packed}struct {name}{our_align} {{\n{ours}}}");
        let _ = writeln!(self.ours, "struct A{name} {{ c: char, s: {name} }}");
        let _ = writeln!(self.c, "struct {name} {{\n{c}}}{c_packed}{c_align};");
        let _ = writeln!(self.c, "struct A{name} {{ char c; struct {name} s; }};");
        let (x, y) = value.unwrap_or_default();
        let _ = writeln!(self.ours, "global g{name}: {name} = {{ {x} }}\nglobal a{name}: A{name}");
        let _ = writeln!(
            self.c,
            "struct {name} g{name} __attribute__((section(\".data\"))) = {{ {y} }};\nstruct A{name} a{name};"
        );
        if !flexible {
            self.whole.push(name);
        }
    }
}

fn clang(endian: Endian, text: &str) -> Vec<u8> {
    let target = if endian == Endian::Little { "bpfel" } else { "bpfeb" };
    let args = ["-target", target, "-g", "-w", "-O1", "-c", "-x", "c", "-", "-o", "-"];
    let mut child = Command::new(CLANG)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("start clang");
    let mut stdin = child.stdin.take().expect("a pipe");
    let out = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(text.as_bytes()));
        child.wait_with_output().expect("its end")
    });
    assert!(out.status.success(), "{}\n{text}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// A type as text, without the names of numbers; what it points to is left out.
fn shape(btf: &Btf, id: TypeId, out: &mut String, depth: u32) {
    let id = btf.resolve(id);
    let Some(ty) = btf.get(id) else {
        out.push_str("void");
        return;
    };
    let pad = "  ".repeat(depth as usize);
    let _ = match &ty.kind {
        Kind::Int { size, encoding, bits, .. } => write!(out, "int{size}/{bits} {:x}", encoding.0),
        Kind::Ptr(_) => write!(out, "ptr"),
        Kind::Array { elem, len, .. } => {
            let _ = write!(out, "[{len}] ");
            shape(btf, *elem, out, depth);
            Ok(())
        }
        Kind::Enum { size, signed, values } => write!(out, "enum {} {size} {signed} {values:?}", ty.name),
        Kind::Enum64 { size, signed, values } => write!(out, "enum64 {} {size} {signed} {values:?}", ty.name),
        Kind::Struct { size, members, bitfields } | Kind::Union { size, members, bitfields } => {
            let union = matches!(ty.kind, Kind::Union { .. });
            let _ = writeln!(out, "union={union} {} size {size} {bitfields}", ty.name);
            for m in members {
                let _ = write!(out, "{pad}  {} {}:{} ", m.name, m.bit_offset, m.bit_size);
                shape(btf, m.ty, out, depth + 1);
                out.push('\n');
            }
            Ok(())
        }
        other => write!(out, "{other:?}"),
    };
}

/// The bytes of a variable in an object of clang's.
fn variable<'a>(elf: &Elf, file: &'a [u8], name: &str) -> &'a [u8] {
    let symbol = elf.syms.iter().find(|s| elf.strtab.get_at(s.st_name) == Some(name)).expect("the variable");
    let section = &elf.section_headers[symbol.st_shndx];
    let start = usize::try_from(section.sh_offset + symbol.st_value).unwrap();
    &file[start..start + usize::try_from(symbol.st_size).unwrap()]
}

fn our_variable<'a>(object: &'a Object, name: &str) -> &'a [u8] {
    let data = object.data.iter().find(|d| d.kind == DataKind::Data).expect(".data");
    let var = data.vars.iter().find(|v| v.name == name).expect("the variable");
    &data.bytes[var.offset as usize..(var.offset + var.size) as usize]
}

#[test]
fn layouts_are_those_of_clang() {
    if Command::new(CLANG).arg("--version").output().is_err() {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: no {CLANG}");
        eprintln!("skipped: no {CLANG}");
        return;
    }
    let rounds = std::env::var("BPFASM_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    for round in 0..rounds {
        for endian in common::BOTH {
            compare(endian, round);
        }
    }
}

fn compare(endian: Endian, round: u64) {
    let mut texts = Texts {
        random: Random(round * 7919 + 1),
        endian,
        ours: ENUMS.0.to_string(),
        c: ENUMS.1.to_string(),
        whole: vec![],
        names: 0,
    };
    for _ in 0..60 {
        texts.structure();
    }
    let object = common::assemble(&texts.ours, endian).unwrap_or_else(|e| panic!("{e}\n{}", texts.ours));
    let file = clang(endian, &texts.c);
    let elf = Elf::parse(&file).expect("an ELF file");
    let section = elf.section_headers.iter().find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(".BTF"));
    let theirs = decode(&file[section.and_then(|s| s.file_range()).expect(".BTF")]).expect("BTF").btf;
    let is_struct = |k: &Kind| matches!(k, Kind::Struct { .. });
    let mut compared = 0;
    for (id, ty) in theirs.iter().filter(|(_, ty)| is_struct(&ty.kind) && !ty.name.is_empty()) {
        let ours = object.btf.find(&ty.name, is_struct).unwrap_or_else(|| panic!("no {}", ty.name));
        let (mut a, mut b) = (String::new(), String::new());
        shape(&theirs, id, &mut a, 0);
        shape(&object.btf, ours, &mut b, 0);
        assert_eq!(b, a, "{endian:?}, round {round}: ours, clang's\n{}", definition(&texts.ours, &ty.name));
        if ty.name.starts_with('S') {
            let name = format!("g{}", ty.name);
            let (a, b) = (variable(&elf, &file, &name), our_variable(&object, &name));
            // A list of values for an array without a length would make it longer in C.
            assert_eq!(b, a, "{endian:?}, round {round}: {}", definition(&texts.c, &ty.name));
        }
        compared += 1;
    }
    assert_eq!(compared, 120);
}

/// The lines that declare a struct, and the values of its variable.
fn definition(text: &str, name: &str) -> String {
    let start = text.find(&format!("struct {name} ")).unwrap_or(0);
    let end = text[start..].find(&format!(" a{name}")).map_or(text.len(), |n| start + n);
    text[start..end].to_string()
}
