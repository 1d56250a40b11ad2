//! CO-RE beside libbpf: the same objects with the same types of a kernel become the same instructions, or are refused by
//! both.

use std::convert::Infallible;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bpfasm_asm::btf::{Btf, Enumerator, IntEncoding, Kind, Member, Param, Scan, Type, TypeId, Wanted};
use bpfasm_asm::elf;
use bpfasm_asm::fit::{self, Fitter, Wrong};
use bpfasm_asm::isa::{Endian, Insn};
use bpfasm_asm::object::{CoreKind, CoreRelo, Func, Linkage, Object};
use bpfasm_loader::load::{Options, load};
use bpfasm_loader::sys::bpf::prog_info;
use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::tool::{Need, TempDir, ready, run};
use libbpf_rs::ObjectBuilder;

/// A program's name and the hash of its instructions as they were loaded.
type Tag = (String, [u8; 8]);

/// What libbpf makes of the programs of an object, with these types in the place of the kernel's.
fn theirs(object: &Path, btf: Option<&Path>) -> Result<Vec<Tag>, String> {
    libbpf_rs::set_print(None);
    let mut builder = ObjectBuilder::default();
    if let Some(btf) = btf {
        builder.btf_custom_path(btf).expect("a path");
    }
    let object =
        builder.open_file(object).map_err(|e| e.to_string())?.load().map_err(|e| format!("{e:?}"))?;
    let tag = |prog: libbpf_rs::Program| {
        (prog.name().to_string_lossy().into_owned(), prog_info(prog.as_fd()).expect("its tag").tag)
    };
    Ok(object.progs().map(tag).collect())
}

/// The same by ours.
fn ours(object: &Path, btf: Option<&Path>) -> Result<Vec<Tag>, String> {
    let object = elf::read(&std::fs::read(object).expect("the object")).expect("readable");
    let options = Options { btf: btf.map(PathBuf::from), ..Options::default() };
    let loaded = load(&object, &options).map_err(|e| e.to_string())?;
    let tag = |prog: &bpfasm_loader::load::LoadedProg| {
        (prog.name.clone(), prog_info(prog.as_fd()).expect("its tag").tag)
    };
    Ok(loaded.progs.iter().map(tag).collect())
}

#[test]
fn objects_of_compilers_get_what_libbpf_gives_them() {
    let compilers: [&[&str]; 6] = [
        &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v1"],
        &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
        &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v4"],
        &["clang-19", "-target", "bpf", "-g", "-O1", "-mcpu=v2"],
        &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v2"],
        &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
    ];
    if !ready(&[Need::Root, Need::Tool("clang-19"), Need::Tool("clang-14")]) {
        return;
    }
    let dir = TempDir::new();
    let object = dir.file("x.o");
    for compiler in compilers {
        assert!(bin::compiles(compiler, &bin::repo().join("tests/c/kinds.c"), &object), "{compiler:?}");
        let wanted = theirs(&object, None).unwrap();
        assert_eq!(ours(&object, None), Ok(wanted), "{compiler:?}");
    }
}

/// Numbers that are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end.max(1)
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// Whether one in so many.
    fn rarely(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn u32(&mut self, end: usize) -> u32 {
        u32::try_from(self.below(end)).expect("small")
    }
}

const NAMES: [&str; 8] = ["s", "t", "u", "s___x", "t___y", "s___z", "", "e"];
const FIELDS: [&str; 7] = ["a", "b", "c", "d", "", "", "e___f"];

/// A type that refers to some of those before it, or through a pointer to any.
fn any_type(n: &mut Numbers, known: u32) -> Type {
    let any = |n: &mut Numbers| TypeId(1 + n.u32(16));
    let before = |n: &mut Numbers| if known == 0 { TypeId::VOID } else { TypeId(1 + n.u32(known as usize)) };
    let members = |n: &mut Numbers, bits: bool| {
        let mut at = 0;
        let count = n.below(5);
        let member = |_| {
            at += 8 * n.u32(6);
            let bit_size =
                if bits && n.rarely(2) { u8::try_from(1 + n.below(20)).expect("small") } else { 0 };
            let bit_offset = at + if bit_size == 0 { 0 } else { n.u32(8) };
            let ty = if known == 0 { TypeId::VOID } else { TypeId(1 + n.u32(known as usize)) };
            Member { name: n.one(&FIELDS).into(), ty, bit_offset, bit_size }
        };
        (0..count).map(member).collect()
    };
    let values = |n: &mut Numbers| {
        let count = n.below(4);
        let value =
            |_| Enumerator { name: n.one(&["A", "B", "C___x", "C"]).into(), value: i64::from(n.u32(9)) };
        (0..count).map(value).collect()
    };
    let name = n.one(&NAMES);
    let size = n.u32(40);
    let encoding = n.one(&[IntEncoding::UNSIGNED, IntEncoding::SIGNED, IntEncoding::BOOL, IntEncoding(3)]);
    let int = n.one(&[1u8, 2, 4, 8]);
    let (anonymous, kind) = match n.below(18) {
        0..=2 => (false, Kind::Int { size: int.into(), encoding, offset: 0, bits: int * 8 }),
        3 => (true, Kind::Ptr(any(n))),
        4 | 5 => (true, Kind::Array { elem: before(n), index: TypeId(1), len: n.u32(4) }),
        6..=8 => {
            let bitfields = n.rarely(3);
            (false, Kind::Struct { size, members: members(n, bitfields), bitfields })
        }
        9 => (false, Kind::Union { size, members: members(n, false), bitfields: false }),
        10 => (false, Kind::Enum { size: 4, signed: n.rarely(2), values: values(n) }),
        11 => (false, Kind::Enum64 { size: 8, signed: n.rarely(2), values: values(n) }),
        12 => (false, Kind::Fwd { union: n.rarely(2) }),
        13 => (false, Kind::Typedef(before(n))),
        14 => (true, Kind::Const(before(n))),
        15 => (true, Kind::Volatile(before(n))),
        16 => {
            let params = (0..n.below(3)).map(|_| Param { name: "x".into(), ty: before(n) }).collect();
            (true, Kind::FuncProto { ret: before(n), params })
        }
        _ => (false, Kind::Float { size: 8 }),
    };
    // What the BTF of no compiler has: they name integers, typedefs and forward declarations.
    let must = matches!(kind, Kind::Int { .. } | Kind::Typedef(_) | Kind::Fwd { .. } | Kind::Float { .. });
    let name = if must && name.is_empty() { "n" } else { name };
    Type { name: if anonymous { "" } else { name }.into(), kind }
}

/// Bit fields are numbers: libbpf divides by the size of their type.
fn with_bit_fields_of_numbers(mut btf: Btf) -> Btf {
    let is_number =
        |id| matches!(btf.resolved(id), Some(Kind::Int { .. } | Kind::Enum { .. } | Kind::Enum64 { .. }));
    let numbers: Vec<bool> =
        (0..=btf.types.len()).map(|id| is_number(TypeId(u32::try_from(id).expect("few")))).collect();
    for ty in &mut btf.types {
        if let Kind::Struct { members, .. } | Kind::Union { members, .. } = &mut ty.kind {
            for member in members.iter_mut().filter(|member| !numbers[member.ty.0 as usize]) {
                member.bit_size = 0;
            }
        }
    }
    btf
}

fn any_types(n: &mut Numbers) -> Btf {
    let mut btf = Btf::default();
    let int = Kind::Int { size: 4, encoding: IntEncoding::SIGNED, offset: 0, bits: 32 };
    btf.add(Type::named("int", int));
    for known in 1..16 {
        btf.add(any_type(n, known));
    }
    with_bit_fields_of_numbers(btf)
}

/// A question about some type, that suits it nearly always.
fn any_relo(n: &mut Numbers, btf: &Btf, insn: usize) -> CoreRelo {
    let named: Vec<_> = btf.iter().filter(|(_, ty)| !ty.name.is_empty()).map(|(id, _)| id).collect();
    let ty = if n.rarely(40) { TypeId(n.u32(17)) } else { n.one(&named) };
    let (kind, access) = match btf.resolved(ty) {
        Some(Kind::Enum { values, .. } | Kind::Enum64 { values, .. }) if n.rarely(2) => {
            let beyond = usize::from(n.rarely(30));
            (CoreKind(10 + n.u32(2)), n.u32(values.len() + beyond).to_string())
        }
        Some(Kind::Struct { .. } | Kind::Union { .. } | Kind::Array { .. }) if !n.rarely(3) => {
            let (mut access, mut at) = (if n.rarely(9) { "1" } else { "0" }.to_string(), ty);
            for _ in 0..1 + n.below(4) {
                let (count, next): (_, Box<dyn Fn(usize) -> Option<TypeId>>) = match btf.resolved(at) {
                    Some(Kind::Struct { members, .. } | Kind::Union { members, .. }) => {
                        (members.len(), Box::new(|which| Some(members.get(which)?.ty)))
                    }
                    Some(Kind::Array { elem, len, .. }) => {
                        (usize::try_from(*len).expect("small"), Box::new(|_| Some(*elem)))
                    }
                    _ => break,
                };
                let beyond = usize::from(n.rarely(30));
                let which = n.below(count + beyond);
                access += &format!(":{which}");
                let Some(next) = next(which) else { break };
                at = next;
            }
            (CoreKind(n.u32(6)), access)
        }
        _ => (n.one(&[6, 7, 8, 9, 12].map(CoreKind)), "0".to_string()),
    };
    CoreRelo { insn, ty, access, kind }
}

/// An object with questions about types, in code that no program gets to.
fn any_object(n: &mut Numbers) -> Object {
    let mut btf = any_types(n);
    let mut func =
        Func { name: "p".into(), section: "socket".into(), linkage: Linkage::Global, ..Func::default() };
    func.insns.push(Insn { code: 0xb4, dst: 0, imm: 0, ..Insn::default() });
    let count = 1 + n.below(3);
    func.insns.push(Insn { code: 0x15, off: i16::try_from(2 * count).expect("small"), ..Insn::default() });
    for at in 0..count {
        let relo = any_relo(n, &btf, 2 + 2 * at);
        let is_offset = relo.kind == CoreKind::FIELD_OFFSET;
        let code = if is_offset && n.rarely(2) {
            n.one(&[0x61u8, 0x69, 0x71, 0x79, 0x63, 0x6b, 0x73, 0x7b, 0x62, 0x7a])
        } else {
            n.one(&[0xb7, 0xb7, 0xb4, 0x07, 0x18])
        };
        let mut insn = Insn { code, dst: 1, ..Insn::default() };
        if code == 0x18 {
            insn.set_imm64(0);
        }
        func.insns.push(insn);
        func.core.push(relo);
        // One slot more, so that a wide one has room.
        func.insns.push(Insn { code: 0xb7, dst: 2, imm: 1, ..Insn::default() });
    }
    // The wide ones make the code longer than the jump.
    let slots = func.insns.slots();
    func.insns.set(1, Insn { code: 0x15, off: i16::try_from(slots - 2).expect("small"), ..Insn::default() });
    func.insns.push(Insn { code: 0x95, ..Insn::default() });
    let int = TypeId(1);
    let proto = btf.add(Type::anonymous(Kind::FuncProto { ret: int, params: vec![] }));
    let linkage = bpfasm_asm::btf::FuncLinkage::GLOBAL;
    func.btf = Some(btf.add(Type::named("p", Kind::Func { proto, linkage })));
    Object { license: Some("GPL".into()), btf, funcs: vec![func], endian: Endian::HOST, ..Object::default() }
}

/// Fills in what instructions hold by the object's own types, as compilers do; not always.
fn fill_in(n: &mut Numbers, object: &mut Object) {
    let own = object.btf.encode(Endian::HOST).expect("types");
    for _ in 0..10 {
        let mut wanted = Wanted::default();
        fit::want(object, &[0], &mut wanted);
        let scan = Rc::new(Scan::finding(&own, None, &mut wanted).expect("types"));
        let none = || Ok::<_, Infallible>(vec![]);
        let Ok(mut fitter) = Fitter::new(object, &[0], scan, &wanted, none);
        let Err(e) = fitter.patches(0) else { return };
        let Wrong::Held { expected, .. } = e.wrong else { return };
        if n.rarely(50) {
            return;
        }
        let insn = object.funcs[0].insns.get(e.insn).expect("an instruction");
        let filled = match insn.code {
            0x18 => {
                let mut insn = insn;
                insn.set_imm64(expected);
                insn
            }
            0xb7 | 0xb4 | 0x07 => Insn { imm: i32::try_from(expected).unwrap_or(0), ..insn },
            _ => Insn { off: i16::try_from(expected).unwrap_or(0), ..insn },
        };
        if filled == insn {
            return;
        }
        object.funcs[0].insns.set(e.insn, filled);
    }
}

/// Types of a kernel that are nearly those.
fn changed(n: &mut Numbers, btf: &Btf) -> Btf {
    let mut btf = btf.clone();
    for _ in 0..n.below(5) {
        let at = 1 + n.below(15);
        let known = u32::try_from(at).expect("small");
        let fresh = any_type(n, known);
        let Some(ty) = btf.types.get_mut(at) else { continue };
        match &mut ty.kind {
            Kind::Struct { members, .. } | Kind::Union { members, .. }
                if !n.rarely(4) && !members.is_empty() =>
            {
                let which = n.below(members.len());
                match n.below(4) {
                    0 => drop(members.remove(which)),
                    1 => members[which].bit_offset += 8,
                    2 => members[which].ty = TypeId(1 + n.u32(at)),
                    _ => members.swap(0, which),
                }
            }
            Kind::Enum { values, .. } | Kind::Enum64 { values, .. } if !n.rarely(4) && !values.is_empty() => {
                values.rotate_left(1);
                values[0].value += 3;
            }
            Kind::Int { size, bits, .. } if n.rarely(2) => {
                (*size, *bits) = n.one(&[(2, 16), (8, 64), (4, 32)])
            }
            _ => *ty = fresh,
        }
    }
    with_bit_fields_of_numbers(btf)
}

#[test]
fn any_types_give_what_libbpf_gives() {
    if !ready(&[Need::Root]) {
        return;
    }
    let rounds = std::env::var("BPFASM_CORE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(600);
    let seed = std::env::var("BPFASM_CORE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0x9e37_79b9);
    let mut n = Numbers(seed);
    let (dir, mut loads, mut refusals, mut wrong) = (TempDir::new(), 0, 0, vec![]);
    let (file, types) = (dir.file("x.o"), dir.file("x.btf"));
    for round in 0..rounds {
        let mut object = any_object(&mut n);
        fill_in(&mut n, &mut object);
        let kernel = if n.rarely(8) { any_types(&mut n) } else { changed(&mut n, &object.btf) };
        std::fs::write(&file, elf::write(&object).expect("an object")).expect("written");
        std::fs::write(&types, kernel.encode(Endian::HOST).expect("types")).expect("written");
        let both = (theirs(&file, Some(&types)), ours(&file, Some(&types)));
        match &both {
            (Ok(a), Ok(b)) if a == b => loads += 1,
            (Err(_), Err(_)) => refusals += 1,
            // libbpf cuts a value that its instruction has no room for.
            (Ok(_), Err(e)) if e.ends_with("does not fit the instruction") => refusals += 1,
            _ => {
                let asked: Vec<_> =
                    object.funcs[0].core.iter().map(|relo| (relo.kind, relo.ty, &relo.access)).collect();
                let [mine, its] = [&object.btf, &kernel].map(bpfasm_asm::btf::raw::print);
                wrong.push(format!("round {round}: {both:?}\n{asked:?}\n{mine}\n{its}"));
            }
        }
    }
    println!("loaded by both: {loads}, refused by both: {refusals}");
    assert!(
        wrong.is_empty(),
        "{} of {rounds} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(3)].join("\n")
    );
    assert!(loads * 3 > rounds && refusals * 50 > rounds, "{loads} {refusals} of {rounds}");
}

#[test]
fn what_the_kernel_lacks_is_told_where_the_program_gets_to_it() {
    if !ready(&[Need::Root]) {
        return;
    }
    let dir = TempDir::new();
    let text = "license \"GPL\"\n\
                @core struct task_struct { pid: s32, tgit: s32 }\n\
                prog p: \"raw_tp/sched_switch\" {\n    r3 = core_exists(task_struct.tgit)\n    w0 = 0\n    GUARD\n    \
                r1 = core(task_struct.tgit) ll\n    exit\n}\n";
    let guarded = dir.write("a.bpfasm", text.replace("GUARD", "if r3 == 0 goto pc+2"));
    let dump = run(bpfasm(["dump".as_ref(), "--xlated".as_ref(), guarded.as_os_str()])).ok().stdout;
    assert!(dump.contains("r3 = 0") && !dump.contains("195896080"), "{dump}");
    let open = dir.write("b.bpfasm", text.replace("GUARD", "r1 = 0"));
    let output = run(bpfasm(["dump".as_ref(), "--xlated".as_ref(), open.as_os_str()])).exited(3);
    for words in [
        "core(task_struct.tgit): `struct task_struct` of this kernel has no field `tgit`; there is `tgid`",
        "b.bpfasm:7:5",
        "(85) core(task_struct.tgit)\n",
    ] {
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
}
