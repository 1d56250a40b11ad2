//! `import btf`: from the kernel, from objects, and what is wrong with either.

mod common;

use std::collections::BTreeSet;

use bpfasm_asm::assemble::{Compiled, Files, Options, compile};
use bpfasm_asm::btf::{Btf, Builder, Enumerator, IntEncoding, Kind, Member, Type, TypeId};
use bpfasm_asm::diag::{Sources, Style, render};
use bpfasm_asm::elf;
use bpfasm_asm::expand::{Class, FieldTy, Ty, TyId, Types};
use bpfasm_asm::isa::Endian;

/// One file, which is the kernel's BTF, too.
#[derive(Debug)]
struct One(Vec<u8>);

impl Files for One {
    fn read(&self, _: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        Ok((name.to_string(), self.0.clone()))
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }
}

fn through(file: &One, text: &str) -> (String, Compiled) {
    let mut sources = Sources::default();
    let root = sources.add("test.bpfasm", text);
    let compiled = compile(&mut sources, root, &Options { files: file, ..Options::default() });
    let told = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
    (told.collect::<Vec<_>>().join("\n\n"), compiled)
}

const NAMES: &str = "struct inner { a: u32, b: u8 : 3, c: s8 : 5 }
enum color: u8 { RED, BLUE = 7 }
enum wide: u64 { HUGE = 1 << 63 }
type port = be16
struct outer {
    in: inner
    rows: u8[2][3]
    union { x: u32, y: port }
    who: *nobody
    self: *outer
    call: *func(o: *outer, n: u32) -> s64
    color: color
    wide: wide
    name: char[16]
    rest: u16[]
}
struct nobody
global one: outer
";

/// An object of our own with the types above.
fn object(endian: Endian) -> One {
    One(elf::write(&common::assemble(NAMES, endian).expect("the types")).expect("an object"))
}

#[test]
fn types_come_over_whole() {
    let text = "import btf \"types.o\" { outer, enum color, wide, type port }
        global one: outer
        prog p: \"socket\" {
            r6 = r1
            view o = r6: outer
            w2 = o->rows[1][2]
            w3 = o->y
            w4 = bitunit(o->in.c)
            w5 = o->rest[3]
            r7 = wide.HUGE ll
            w8 = o->color
            if w8 == BLUE goto .end
            if w3 == be16(80) goto .end
        .end:
            w0 = 0
            exit
        }";
    for endian in common::BOTH {
        let (told, compiled) = through(&object(endian), text);
        assert_eq!(told, "");
        let (ours, theirs) =
            (compiled.object.expect("an object").btf, common::assemble(NAMES, endian).unwrap().btf);
        for name in ["outer", "inner", "color", "wide"] {
            let (a, b) = (ours.by_name(name).unwrap(), theirs.by_name(name).unwrap());
            assert_eq!(shape(&ours, a), shape(&theirs, b), "{name}");
        }
    }
}

/// A type as text; names of structs that pointers point to.
fn shape(btf: &Btf, id: TypeId) -> String {
    let Some(ty) = btf.get(id) else { return "void".into() };
    let members = |members: &[Member]| -> Vec<String> {
        let one = |m: &Member| format!("{} {}:{} {}", m.name, m.bit_offset, m.bit_size, shape(btf, m.ty));
        members.iter().map(one).collect()
    };
    match &ty.kind {
        Kind::Ptr(to) => match btf.get(*to) {
            Some(to) if !to.name.is_empty() => format!("*{}", to.name),
            Some(_) => format!("*{}", shape(btf, *to)),
            None => "*void".into(),
        },
        Kind::Array { elem, len, .. } => format!("[{len}]{}", shape(btf, *elem)),
        Kind::Struct { size, members: m, bitfields } | Kind::Union { size, members: m, bitfields } => {
            format!("{} {size} {bitfields} {:?}", ty.name, members(m))
        }
        Kind::FuncProto { ret, params } => {
            let of: Vec<_> = params.iter().map(|p| format!("{}: {}", p.name, shape(btf, p.ty))).collect();
            format!("({of:?}) {}", shape(btf, *ret))
        }
        Kind::Typedef(of) => format!("{} = {}", ty.name, shape(btf, *of)),
        kind => format!("{} {kind:?}", ty.name),
    }
}

fn told(file: &One, list: &str, more: &str) -> String {
    through(file, &format!("import btf \"types.o\" {{ {list} }}\n{more}")).0
}

#[test]
fn what_is_wrong_is_told() {
    let file = object(Endian::Little);
    for (list, more, message) in [
        ("outr", "", "there is no type or constant `outr` in \"types.o\""),
        ("outr", "", "did you mean `outer`?"),
        ("union outer", "", "it is written `struct outer`"),
        ("nobody", "", "only its name is declared there"),
        ("outer", "struct outer { a: u8 }", "`outer` is defined twice"),
        ("color", "const RED = 1", "`RED` is defined twice"),
        ("outer, outer", "", "`outer` is defined twice"),
        ("color", "const A = color.REDD", "did you mean `RED`?"),
        ("outer", "const A = offsetof(outer, nam)", "did you mean `name`?"),
        ("outer", "const A = outer.name", "expected something with fields, but `outer` is a type"),
    ] {
        let found = told(&file, list, more);
        assert!(found.contains(message), "{list}: {found}");
    }
    // One mistake, one message.
    let more = "global a: outr\nprog p: \"socket\" {\n view o = r1: outr\n w0 = o->x\n exit\n}";
    let found = told(&file, "outr", more);
    assert_eq!(found.matches("error[").count(), 1, "{found}");
    for (bytes, message) in [
        (vec![], "there are no types to take"),
        (b"\x7fELF".to_vec(), "there are no types to take"),
        (vec![0; 64], "no BTF: the magic number"),
    ] {
        let found = told(&One(bytes), "a", "global g: a");
        assert!(found.contains(message), "{found}");
        assert_eq!(found.matches("error[").count(), 1, "{found}");
    }
}

fn encoded(btf: &Btf) -> One {
    One(btf.encode(Endian::Little).expect("BTF"))
}

/// Types that no compiler makes: they end in a message.
#[test]
fn hostile_types() {
    let member = |ty, bit_offset| Member { name: "m".into(), ty: TypeId(ty), bit_offset, bit_size: 0 };
    let own = |size, m| Type::named("t", Kind::Struct { size, members: vec![m], bitfields: false });
    let int = |name: &str, size: u32| {
        Type::named(name, Kind::Int { size, encoding: IntEncoding::SIGNED, offset: 0, bits: 32 })
    };
    for types in [
        vec![own(8, member(1, 0))],
        vec![own(8, member(9, 0))],
        vec![own(8, member(0, 0))],
        vec![own(u32::MAX, member(2, 0)), int("int", 4)],
        vec![own(8, member(2, 3)), int("int", 4)],
        vec![own(8, member(2, 0)), Type::anonymous(Kind::Ptr(TypeId(0))), int("long int", 4)],
        vec![Type::named("t", Kind::Typedef(TypeId(1)))],
        vec![
            own(8, member(2, 0)),
            Type::anonymous(Kind::Array { elem: TypeId(1), index: TypeId(1), len: u32::MAX }),
        ],
    ] {
        let mut builder = Builder::default();
        for ty in types {
            builder.add(ty);
        }
        let found = told(&encoded(builder.btf()), "t", "global g: t");
        assert!(found.contains("error[E0311]: `t` cannot be taken over"), "{found}");
    }
}

/// Every struct and union of the running kernel, against a decoder that knows nothing of layouts.
#[test]
fn all_of_the_kernel() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "not run: no kernel BTF");
        eprintln!("skipped: no kernel BTF");
        return;
    };
    let btf = Btf::decode(&bytes).expect("BTF");
    let (mut seen, mut text, mut list) = (BTreeSet::new(), String::new(), vec![]);
    for (id, ty) in btf.iter() {
        let word = match ty.kind {
            Kind::Struct { .. } => "struct",
            Kind::Union { .. } => "union",
            _ => continue,
        };
        // The language has taken this one.
        if !ty.name.is_empty() && ty.name != "s" && seen.insert(ty.name.clone()) {
            list.push((id, ty.name.clone(), format!("{word} {}", ty.name)));
        }
    }
    // Looking a name up goes through all types, so that a part of the names will do; `BPFASM_ROUNDS` takes more.
    let step = if std::env::var_os("BPFASM_ROUNDS").is_some() { 1 } else { 23 };
    let list: Vec<_> = list.iter().step_by(step).collect();
    let names: Vec<&str> = list.iter().map(|l| l.2.as_str()).collect();
    text += &format!("import btf \"vmlinux\" {{ {} }}\n", names.join(", "));
    for (i, (_, name, _)) in list.iter().enumerate() {
        text += &format!("type t{i}_of_test = {name}\n");
    }
    let (told, compiled) = through(&One(bytes), &text);
    assert_eq!(told, "");
    let types = &compiled.program.types;
    for (i, (id, name, _)) in list.iter().enumerate() {
        let alias = format!("t{i}_of_test");
        let ours =
            types.iter().find(|(_, ty)| matches!(ty, Ty::Alias(n, ..) if *n == alias)).expect("the alias").0;
        same(types, ours, &btf, *id, name, 0);
    }
    assert!(list.len() > 100);
}

fn same(types: &Types, ours: TyId, btf: &Btf, theirs: TypeId, path: &str, depth: u32) {
    assert!(depth < 100);
    let theirs = btf.resolve(theirs);
    assert_eq!(Some(types.size(ours)), btf.size_of(theirs), "size of {path}");
    let kind = &btf.get(theirs).expect("a type").kind;
    match (types.get(ours), kind) {
        (Ty::Struct(index), Kind::Struct { members, .. } | Kind::Union { members, .. }) => {
            let structure = &types.structs[*index];
            assert_eq!(structure.union, matches!(kind, Kind::Union { .. }), "{path}");
            assert_eq!(structure.fields.len(), members.len(), "{path}");
            for (field, member) in structure.fields.iter().zip(members) {
                let path = format!("{path}.{}", member.name);
                assert_eq!(field.name, member.name, "{path}");
                let FieldTy { offset, bits, .. } = field;
                match bits {
                    Some(bits) => assert_eq!(
                        (bits.offset, bits.size),
                        (member.bit_offset, member.bit_size.into()),
                        "{path}"
                    ),
                    None => assert_eq!((offset * 8, 0), (member.bit_offset, member.bit_size), "{path}"),
                }
                same(types, field.ty, btf, member.ty, &path, depth + 1);
            }
        }
        (Ty::Array(elem, len), Kind::Array { elem: e, len: l, .. }) => {
            assert_eq!(len, l, "{path}");
            same(types, *elem, btf, *e, path, depth + 1);
        }
        (Ty::Pointer(_), Kind::Ptr(_)) | (Ty::Foreign(..), Kind::Int { .. } | Kind::Float { .. }) => {}
        (Ty::Builtin(_), Kind::Int { encoding, .. }) => {
            // Kernels since 6.2 are built with a `char` that has no sign.
            let (signed, class) = (encoding.0 & 1 == 1, types.class(ours).expect("a number"));
            assert!(class == Class::Char || signed == (class == Class::Signed), "{path}");
        }
        (Ty::Enum(index), Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) => {
            assert_eq!(types.enums[*index].values.len(), values.len(), "{path}");
        }
        (a, b) => panic!("{path}: {a:?}, {b:?}"),
    }
}

/// Members of enums by their names alone, also of enums that have none.
#[test]
fn constants_come_by_name() {
    let source =
        "enum color: u8 { RED, BLUE = 7 }\nstruct BOTH { a: u32 }\nglobal a: BOTH\nglobal b: color\n";
    let mut builder = Builder::default();
    for ty in common::assemble(source, Endian::Little).expect("the types").btf.iter() {
        builder.add(ty.1.clone());
    }
    for (name, signed, values) in
        [("", false, [("LOW", 3), ("HIGH", 0xffff_ffff)]), ("also", true, [("BOTH", -5), ("SIGNED", -6)])]
    {
        let values = values.map(|(name, value)| Enumerator { name: name.into(), value }).to_vec();
        builder.add(Type::named(name, Kind::Enum { size: 4, signed, values }));
    }
    let file = encoded(builder.btf());
    for (list, more) in [
        ("LOW, HIGH", "@assert LOW == 3 && HIGH == 0xffffffff"),
        ("const BLUE", "@assert BLUE == 7"),
        ("SIGNED, color", "@assert SIGNED == -6 && RED == 0 && BLUE == 7"),
        ("const BOTH", "@assert BOTH == -5"),
        ("BOTH", "@assert sizeof(BOTH) == 4"),
    ] {
        assert_eq!(told(&file, list, more), "", "{list}");
    }
    for (list, message) in [
        ("HIGHH", "did you mean `HIGH`?"),
        ("const HIGHH", "there is no constant `HIGHH`"),
        ("struct HIGH", "it is written `const HIGH`"),
        ("const color", "it is written `enum color`"),
        ("color, RED", "`RED` is defined twice"),
    ] {
        let found = told(&file, list, "");
        assert!(found.contains(message), "{list}: {found}");
    }
}

/// A kernel and one of its modules.
#[derive(Debug)]
struct Kernel {
    kernel: Option<Vec<u8>>,
    module: Vec<u8>,
}

impl Files for Kernel {
    fn read(&self, _: &str, name: &str) -> Result<(String, Vec<u8>), String> {
        Ok((name.to_string(), self.module.clone()))
    }

    fn kernel_btf(&self) -> Result<Vec<u8>, String> {
        self.kernel.clone().ok_or_else(|| "it has none".to_string())
    }
}

/// What the whole blob has behind the types and strings of its beginning, as the kernel gives that of a module.
fn split(whole: &[u8], base: &[u8]) -> Vec<u8> {
    let field = |data: &[u8], at: usize| -> usize {
        u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes")).try_into().expect("a length")
    };
    // The header has 24 bytes: where the types begin and how long they are from 8 on, the strings from 16 on.
    let part = |at: usize| {
        let start = 24 + field(whole, at);
        whole[start + field(base, at + 4)..start + field(whole, at + 4)].to_vec()
    };
    let (types, strings) = (part(8), part(16));
    let len = |bytes: &[u8]| u32::try_from(bytes.len()).expect("few bytes").to_le_bytes();
    let mut all = whole[..8].to_vec();
    all.extend([[0; 4], len(&types), len(&types), len(&strings)].concat());
    all.extend(types);
    all.extend(strings);
    all
}

#[test]
fn types_of_modules_go_on_from_those_of_the_kernel() {
    let member =
        |name: &str, ty, bit_offset| Member { name: name.into(), ty: TypeId(ty), bit_offset, bit_size: 0 };
    let own = |name: &str, size, members| Type::named(name, Kind::Struct { size, members, bitfields: false });
    let mut kernel = Builder::default();
    let int = Kind::Int { size: 4, encoding: IntEncoding(0), offset: 0, bits: 32 };
    kernel.add(Type::named("unsigned int", int));
    kernel.add(own("pair", 8, vec![member("a", 1, 0), member("b", 1, 32)]));
    let mut whole = kernel.clone();
    whole.add(own("mine", 16, vec![member("a", 1, 0), member("pair", 2, 32), member("mode", 4, 96)]));
    let values = vec![Enumerator { name: "MODE_ON".into(), value: 1 }];
    whole.add(Type::named("mode", Kind::Enum { size: 4, signed: false, values }));
    let (kernel, whole) = (encoded(kernel.btf()).0, encoded(whole.btf()).0);
    let module = split(&whole, &kernel);

    let through = |files: &Kernel, text: &str| {
        let mut sources = Sources::default();
        let root = sources.add("test.bpfasm", text);
        let compiled = compile(&mut sources, root, &Options { files, ..Options::default() });
        let told = compiled.diagnostics.iter().map(|d| render(d, &sources, Style::default()));
        (told.collect::<Vec<_>>().join("\n\n"), compiled)
    };
    let import = "import btf \"/sys/kernel/btf/m\"";
    let files = Kernel { kernel: Some(kernel.clone()), module: module.clone() };
    let check = "@assert sizeof(mine) == 16 && offsetof(mine, pair.b) == 8 && offsetof(mine, mode) == 12 && MODE_ON == 1\n\
                 global m: mine\n";
    for text in [
        format!("{import} {{ mine, MODE_ON }}\n{check}"),
        format!("import btf \"vmlinux\" {{ pair }}\n{import} {{ mine, mode }}\n{check}global p: pair\n"),
        format!("{import} {{ mine, mode }}\nimport btf \"vmlinux\" {{ pair }}\n{check}global p: pair\n"),
    ] {
        let (told, compiled) = through(&files, &text);
        assert_eq!(told, "", "{text}");
        let btf = compiled.object.expect("an object").btf;
        assert_eq!(btf.iter().filter(|(_, ty)| ty.name == "pair").count(), 1, "{text}");
    }
    let (told, _) = through(&files, &format!("{import} {{ pair }}\n"));
    assert!(told.contains("the kernel itself has it: `import btf \"vmlinux\" { pair }`"), "{told}");
    for (kernel, why) in [
        (None, "they go on from the kernel's, and it has none"),
        (Some(vec![1, 2]), "they go on from the kernel's, which cannot be read"),
        (Some(kernel[..24].to_vec()), "they go on from the kernel's, which cannot be read"),
    ] {
        let (told, _) =
            through(&Kernel { kernel, module: module.clone() }, &format!("{import} {{ mine }}\n"));
        assert!(told.contains(why), "{told}");
    }
}
