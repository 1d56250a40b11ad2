//! Objects as text: a `btf` block, `@file`, `@line` and `@relo` say exactly what an object holds.

mod common;
mod object_common;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use bpfasm_asm::btf::{FuncLinkage, Kind, TypeId, raw};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::elf;
use bpfasm_asm::expand::to_text;
use bpfasm_asm::isa::{Endian, Names};
use bpfasm_asm::lang::fmt::format;
use bpfasm_asm::object::{CoreRelo, DataKind, Func, Map, Object, Symbol, TEXT};
use common::{assemble, body, errors, through};
use object_common::{TempFile, skip, tool};

/// What a record of a source line says, with the strings that it names.
type Line<'a> = (u32, &'a str, u32, u32, std::borrow::Cow<'a, str>);

/// Those of a function: its name, its type, source lines, CO-RE relocations.
type Records<'a> = (&'a str, Option<TypeId>, Vec<Line<'a>>, &'a [CoreRelo]);

/// The records of all functions.
fn records(object: &Object) -> Vec<Records<'_>> {
    let mut all = vec![];
    for func in &object.funcs {
        let line = |l: &bpfasm_asm::object::Line| {
            let text = object.texts.get(l.text).expect("the text of a line");
            (l.insn, object.files[l.file as usize].as_str(), l.line, l.column, text)
        };
        all.push((func.name.as_str(), func.btf, func.lines.iter().map(line).collect(), func.core.as_slice()));
    }
    all
}

/// A string of the language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.as_bytes().escape_ascii())
}

/// An object as source: all but what its variables hold, and addresses of what has no name.
fn source(object: &Object) -> String {
    let mut out = String::new();
    if let Some(license) = &object.license {
        let _ = writeln!(out, "license {}", quoted(license));
    }
    let _ = write!(out, "btf {{\n{}}}\n", raw::print(&object.btf));
    for map in &object.maps {
        let _ = writeln!(out, "map {}: {}", map.name, map_type(map));
    }
    for external in &object.externs {
        let ty = external.btf.and_then(|id| object.btf.get(id)).map(|t| &t.kind);
        let weak = if external.weak { "weak " } else { "" };
        let what = match (external.kind.section(), ty) {
            (".kconfig", Some(Kind::Var { ty, .. })) => format!("kconfig {}: #{}", external.name, ty.0),
            (".ksyms", Some(Kind::Func { .. })) => format!("kfunc {}()", external.name),
            ("", _) => format!("func {}()", external.name),
            _ => format!("ksym {}", external.name),
        };
        let _ = writeln!(out, "extern {weak}{what}");
    }
    for data in &object.data {
        let word = if data.kind == DataKind::Rodata { "config" } else { "global" };
        for var in data.vars.iter().filter(|var| var.ty.is_some() && !data.name.contains(".str")) {
            let ty = var.ty.unwrap_or_default();
            let number = matches!(object.btf.resolved(ty), Some(Kind::Int { .. } | Kind::Enum { .. }));
            let value = match data.kind {
                DataKind::Bss => "",
                _ if number => " = 0",
                _ => " = {}",
            };
            let _ = writeln!(out, "{word} {}: #{}{value}", var.name, ty.0);
        }
    }
    for func in &object.funcs {
        let head = match func.section.as_str() {
            TEXT => format!("func {}", func.name),
            section => format!("prog {}: {}", func.name, quoted(section)),
        };
        // The FUNC of its name, if nothing else is said.
        let is_func =
            |kind: &Kind| matches!(kind, Kind::Func { linkage, .. } if *linkage != FuncLinkage::EXTERN);
        let btf = match object.btf.find(&func.name, is_func) == func.btf {
            true => String::new(),
            false => format!(" btf #{}", func.btf.unwrap_or_default().0),
        };
        let _ = writeln!(out, "{head}{btf} {{");
        instructions(&mut out, object, func);
        out.push_str("}\n");
    }
    out
}

fn map_type(map: &Map) -> String {
    let kind = map.kind.name().expect("a kind of map");
    let side = |ty: Option<TypeId>, size: u32| match ty {
        Some(ty) => format!("#{}", ty.0),
        None => format!("u8[{size}]"),
    };
    let mut types = vec![];
    if map.key_size != 0 {
        types.push(side(map.key, map.key_size));
    }
    match &map.inner {
        Some(inner) => types.push(map_type(inner)),
        None if map.value_size != 0 => types.push(side(map.value, map.value_size)),
        None => {}
    }
    // What is not written is as the block has it.
    let bare = types.is_empty() || kind == "prog_array";
    let types = if bare { String::new() } else { format!("<{}>", types.join(", ")) };
    let pinning = if map.pin_by_name { ", pinning: by_name" } else { "" };
    format!(
        "{kind}{types}[{}] {{ flags: {}, map_extra: {}{pinning} }}",
        map.max_entries, map.flags, map.extra
    )
}

fn instructions(out: &mut String, object: &Object, func: &Func) {
    let mut file = None;
    for (i, insn) in func.insns.iter().enumerate() {
        for line in func.lines.iter().filter(|line| line.insn as usize == i) {
            if file != Some(line.file) {
                let _ = writeln!(out, "    @file {}", quoted(&object.files[line.file as usize]));
                file = Some(line.file);
            }
            let text = object.texts.get(line.text).expect("the text of a line");
            let _ = writeln!(out, "    @line {}:{} {}", line.line, line.column, quoted(&text));
        }
        for core in func.core.iter().filter(|core| core.insn == i) {
            let kind = core.kind.name().expect("a kind that is known");
            let _ = writeln!(out, "    @relo #{} {} {kind}", core.ty.0, quoted(&core.access));
        }
        let symbol = func.refs.iter().find(|r| r.insn == i).and_then(|r| match r.to {
            Symbol::Map(map) => Some(object.maps[map].name.as_str()),
            Symbol::Func(func) => Some(object.funcs[func].name.as_str()),
            Symbol::Extern(external) => Some(object.externs[external].name.as_str()),
            Symbol::Data(data, offset) => {
                let found =
                    object.data[data].vars.iter().find(|var| var.offset == offset && var.ty.is_some());
                found.map(|var| var.name.as_str())
            }
            Symbol::Unknown => None,
        });
        let helper = insn.form().is_some_and(|form| form.name.starts_with("call"));
        let number = insn.imm.to_string();
        let symbol = symbol.or(helper.then_some(number.as_str()));
        let _ = writeln!(out, "    {}", insn.display(Names { symbol, ..Names::default() }));
    }
}

/// An object that others made is the same after it has been text.
fn check(name: &str, object: &Object) {
    let text = source(object);
    let again = assemble(&text, object.endian).unwrap_or_else(|why| panic!("{name}:\n{text}\n{why}"));
    assert_eq!(again.btf, object.btf, "{name}");
    assert_eq!(records(&again), records(object), "{name}");
    for (ours, theirs) in again.funcs.iter().zip(&object.funcs) {
        assert_eq!(ours.insns, theirs.insns, "{name}: {}", ours.name);
    }
    let maps = |object: &Object| {
        let maps = object.maps.iter().cloned();
        maps.map(|map| Map { place: None, values: vec![], ..map }).collect::<Vec<_>>()
    };
    assert_eq!(maps(&again), maps(object), "{name}");
    assert_eq!(again.externs, object.externs, "{name}");
    for var in again.data.iter().flat_map(|data| &data.vars) {
        let theirs = object.var(&var.name).map(|(_, var)| (var.ty, var.size, var.offset));
        assert_eq!(Some((var.ty, var.size, var.offset)), theirs, "{name}: {}", var.name);
    }
    // And what `expand` shows of it says the same.
    let (sources, compiled) = through(&text, object.endian);
    let shown = to_text(&compiled.program, &sources, &compiled.files, object.endian);
    let third = assemble(&shown, object.endian).unwrap_or_else(|why| panic!("{name}:\n{shown}\n{why}"));
    assert_eq!(third, again, "{name}: {shown}");
}

/// The object that a clang makes of C; nothing where it is not installed.
fn compiled(clang: &str, target: &str, path: &Path) -> Option<Object> {
    let out = TempFile::new(&format!("{clang}-{}.o", path.file_stem()?.to_string_lossy()), b"");
    let mut command = Command::new(clang);
    command.args(["-target", target, "-mcpu=v3", "-O2", "-g", "-c", "-o"]);
    match command.arg(&out.0).arg(path).output() {
        // Some sources are for newer compilers.
        Ok(output) if !output.status.success() => None,
        Ok(_) => elf::read(&std::fs::read(&out.0).expect("clang's output")).ok(),
        Err(why) => {
            skip(&format!("{clang}: {why}"));
            None
        }
    }
}

#[test]
fn objects_of_clang() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/c");
    for clang in ["clang-14", "clang-19"] {
        for target in ["bpfel", "bpfeb"] {
            let mut seen = 0;
            for name in ["arith", "atomics", "core", "flow", "maps", "memory", "nested", "packet"] {
                let path = dir.join(name).with_extension("c");
                let Some(object) = compiled(clang, target, &path) else { continue };
                assert!(!object.btf.types.is_empty() && object.funcs.iter().any(|f| !f.lines.is_empty()));
                check(&format!("{clang} {target} {name}"), &object);
                seen += 1;
            }
            assert!(seen == 0 || seen > 4, "{seen} sources");
        }
    }
}

const CORE: &str = r#"
#define SEC(name) __attribute__((section(name), used))
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct inner { int x; long y[3]; };
struct task_struct { int pid; char comm[16]; struct inner in; unsigned low : 5, high : 7; union { int a; long b; }; };
#pragma clang attribute pop
enum colour { RED, GREEN = 7 };
typedef struct { int q; } anon_t;
SEC("kprobe/f") int f(struct task_struct *task) {
    long sum = task->pid + task->in.y[2] + task->b;
    sum += __builtin_preserve_field_info(task->comm, 0);
    sum += __builtin_preserve_field_info(task->in.x, 1);
    sum += __builtin_preserve_field_info(task->a, 2);
    sum += __builtin_preserve_field_info(task->high, 3);
    sum += __builtin_preserve_field_info(task->high, 4);
    sum += __builtin_preserve_field_info(task->high, 5);
    sum += __builtin_preserve_type_info(*(struct task_struct *)0, 0);
    sum += __builtin_preserve_type_info(*(struct inner *)0, 1);
    sum += __builtin_preserve_enum_value(*(enum colour *)GREEN, 0);
    sum += __builtin_preserve_enum_value(*(enum colour *)GREEN, 1);
    sum += __builtin_btf_type_id(*(struct inner *)0, 0);
    sum += __builtin_btf_type_id(*(struct task_struct *)0, 1);
    return sum;
}
"#;

#[test]
fn core_values_have_the_numbers_of_the_block() {
    let c = TempFile::new("core.c", CORE.as_bytes());
    let Some(object) = compiled("clang-19", "bpfel", &c.0) else { return };
    check("core", &object);
    let func = &object.funcs[0];
    assert!(func.core.len() >= 14, "{:?}", func.core);
    // The nicer form gives the record that clang made, and the value that it filled in.
    let spelled = |core: &CoreRelo| {
        let name = &object.btf.get(core.ty).expect("its type").name;
        let path = match (name.as_str(), core.access.as_str()) {
            (_, "0") | ("colour", "1") => "",
            ("task_struct", "0:0") => ".pid",
            ("task_struct", "0:1") => ".comm",
            ("task_struct", "0:2:0") => ".in.x",
            ("task_struct", "0:2:1:2") => ".in.y[2]",
            ("task_struct", "0:4") => ".high",
            ("task_struct", "0:5:0") => ".a",
            ("task_struct", "0:5:1") => ".b",
            other => panic!("{other:?}"),
        };
        let path = if name == "colour" { ".GREEN" } else { path };
        format!("{}({name}{path})", core.kind.function().expect("a function"))
    };
    let mut lines = String::new();
    for core in &func.core {
        let spelled = if core.kind.0 == 12 { continue } else { spelled(core) };
        let _ = writeln!(lines, "r1 = {spelled}");
    }
    let text = format!("btf {{\n{}}}\n{}", raw::print(&object.btf), body(&format!("{lines}exit")));
    let ours = assemble(&text, Endian::Little).unwrap_or_else(|why| panic!("{text}\n{why}"));
    for (ours_core, theirs) in ours.funcs[0].core.iter().zip(&func.core) {
        assert_eq!(
            (ours_core.ty, &ours_core.access, ours_core.kind),
            (theirs.ty, &theirs.access, theirs.kind)
        );
        let insn = func.insns.get(theirs.insn).expect("the instruction");
        let value = if insn.code & 7 == 1 { i32::from(insn.off) } else { insn.imm };
        let what = spelled(theirs);
        assert_eq!(ours.funcs[0].insns.get(ours_core.insn).map(|i| i.imm), Some(value), "{what}");
    }
    assert_eq!(ours.funcs[0].core.len(), func.core.len());
}

/// A block with so many structs, each with a typedef, a pointer and an enum.
fn large(types: usize) -> String {
    let mut block = String::from("btf {\n[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n");
    for n in (2..types).step_by(4) {
        let (typedef, pointer, colours) = (n + 1, n + 2, n + 3);
        let _ = writeln!(block, "[{n}] STRUCT 's{n}' size=16 vlen=2");
        let _ =
            writeln!(block, "\t'a{n}' type_id=1 bits_offset=0\n\t'next' type_id={pointer} bits_offset=64");
        let _ =
            writeln!(block, "[{typedef}] TYPEDEF 't{n}' type_id={n}\n[{pointer}] PTR '(anon)' type_id={n}");
        let _ = writeln!(block, "[{colours}] ENUM 'e{n}' encoding=UNSIGNED size=4 vlen=1\n\t'C{n}' val={n}");
    }
    block + "}\n"
}

#[test]
fn a_large_block_takes_time_in_proportion() {
    // Each line asks for another type.
    let time = |types: usize| {
        let lines: String = (2..types).step_by(4).fold(String::new(), |mut lines, n| {
            let _ = writeln!(lines, "r1 = core(s{n}.next)\nr2 = C{n}\nr3 = sizeof(t{n})");
            lines
        });
        let text = large(types) + &body(&format!("{lines}exit"));
        let start = std::time::Instant::now();
        let object = assemble(&text, Endian::Little).expect("a program");
        assert_eq!(object.funcs[0].core.len(), (2..types).step_by(4).count());
        start.elapsed()
    };
    let (small, large) = (time(2_000).min(time(2_000)), time(16_000).min(time(16_000)));
    // Eight times as much; what looks through all types for each would take 64 times as long.
    assert!(large < small * 24, "{small:?} {large:?}");
}

const HOOKED: &str = "btf {
[1] PTR '(anon)' type_id=0
[2] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[3] FUNC_PROTO '(anon)' ret_type_id=2 vlen=1
\t'ctx' type_id=1
[4] FUNC 'p' type_id=3 linkage=global
@}
prog p: \"classifier\"# {
    w0 = 0
    exit
}
";

#[test]
fn hooks_are_no_types() {
    let said = assemble(&HOOKED.replace('@', "").replace('#', " at \"tc/egress\""), Endian::Little);
    let said = said.expect("a program");
    assert_eq!(said.btf.types.len(), 4);
    let read = elf::read(&elf::write(&said).expect("a file")).expect("an object");
    assert_eq!((&read.btf, &read.funcs[0].hook), (&said.btf, &Some("tc/egress".to_string())));
    // The tag that the file has for it means the same at the end of the block.
    let tag = "[5] DECL_TAG 'hook:tc/egress' type_id=4 component_idx=-1\n";
    let tagged = assemble(&HOOKED.replace('@', tag).replace('#', ""), Endian::Little).expect("a program");
    assert_eq!(tagged, said);
}

#[test]
fn lines_are_those_that_are_said() {
    let lines = |text: &str| {
        let object = assemble(text, Endian::Little).unwrap_or_else(|why| panic!("{why}"));
        let of = |func: &Func| func.lines.iter().map(|l| (l.insn, l.line, l.column)).collect::<Vec<_>>();
        object.funcs.iter().map(of).collect::<Vec<_>>()
    };
    let func = "func f {\n @file \"a.c\"\n @line 7:3\n r0 = 0\n r0 = 1\n @line 9:0 \"}\"\n exit\n}\n";
    let other = "func g {\n r0 = 0\n exit\n}\n";
    let said = vec![(0, 7, 3), (2, 9, 0)];
    // A function that says no lines has its own; with a block it has none.
    assert_eq!(lines(&format!("{func}{other}")), [said.clone(), vec![(0, 10, 2), (1, 11, 2)]]);
    assert_eq!(lines(&format!("btf {{}}\n{func}{other}")), [said, vec![]]);
    // A macro says the lines of its own text, wherever it is used.
    let uses = "macro m(n: imm) {\n @file \"m.c\"\n @line ($n * 10):1 \"m\"\n r0 = $n\n}\n";
    let twice = format!("{uses}func f {{\n m! 4\n m! 5\n exit\n}}");
    assert_eq!(lines(&twice), [vec![(0, 40, 1), (1, 50, 1)]]);
}

#[test]
fn relocations_in_macros_and_for_types_that_are_arguments() {
    let text = "struct pair { a: u32, b: u32 }\nmacro load(t: type, n: imm) {\n @relo $t \"0:1\" field_byte_offset\n r0 = $n\n}\n";
    let object = assemble(
        &(text.to_string() + &body(" r1 = 0\n load! pair, 4\n load! pair, 5\n exit")),
        Endian::Little,
    );
    let object = object.unwrap_or_else(|why| panic!("{why}"));
    let core: Vec<_> = object.funcs[0].core.iter().map(|c| (c.insn, c.access.as_str(), c.kind.0)).collect();
    assert_eq!(core, [(1, "0:1", 0), (2, "0:1", 0)]);
    let ty = |core: &CoreRelo| object.btf.get(core.ty).map(|t| t.name.clone());
    assert!(object.funcs[0].core.iter().all(|core| ty(core).as_deref() == Some("pair")));
}

#[test]
fn an_empty_block_is_an_object_without_types() {
    let text =
        "btf {}\nmap m: hash<u32, u64>[8]\nglobal g: u64\nfunc f(a: u32) {\n r1 = m ll\n r2 = g ll\n exit\n}";
    let object = assemble(text, Endian::Little).expect("an object");
    assert!(object.btf.types.is_empty());
    assert_eq!((object.maps[0].key_size, object.maps[0].value_size), (4, 8));
    assert_eq!((object.maps[0].key, object.data[0].vars[0].ty, object.funcs[0].btf), (None, None, None));
}

#[test]
fn a_block_is_for_users_and_not_for_the_library() {
    let block = "btf {\n[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[2] STRUCT 'iphdr' size=4 vlen=1\n\t'x' type_id=1 bits_offset=0\n}\n";
    // The library's struct is meant where it is imported.
    let size = |head: &str| {
        let object =
            assemble(&format!("{block}{head}{}", body(" r0 = sizeof(iphdr)\n exit")), Endian::Little);
        object.expect("a program").funcs[0].insns.get(0).map(|insn| insn.imm)
    };
    assert_eq!((size(""), size("import \"net\"\n")), (Some(4), Some(20)));
    // Where its number is needed, both must be the same.
    let asked = format!("{block}import \"net\"\n{}", body(" r0 = core_size(iphdr)\n exit"));
    assert_eq!(errors(&asked), ["E0314"]);
}

#[test]
fn the_layout_of_blocks_and_records() {
    let text = "btf   {// first
[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED

\t // odd }
[2] STRUCT 'a } b' size=4 vlen=1
'x' type_id=1 bits_offset=0   }
func f btf  #0  {
@line  1 : 5 \"}\"
  @file   \"x.c\"
@relo   #2   \"0:0\"   field_exists
    r0 = 1
}
";
    let laid_out = "btf {
    // first
    [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
    // odd }
    [2] STRUCT 'a } b' size=4 vlen=1
        'x' type_id=1 bits_offset=0
}
func f btf #0 {
    @line 1:5 \"}\"
    @file \"x.c\"
    @relo #2 \"0:0\" field_exists
    r0 = 1
}
";
    let formatted = |text: &str| {
        let mut sources = Sources::default();
        let root = sources.add("test.bpfasm", text);
        format(&sources, root).unwrap_or_else(|why| panic!("{why}"))
    };
    assert_eq!(formatted(text), laid_out);
    assert_eq!(formatted(laid_out), laid_out);
}

const GCC: &str = r#"
#define SEC(name) __attribute__((section(name), used))
struct task { int pid; long x[4]; } __attribute__((preserve_access_index));
struct { int (*type)[1]; int (*max_entries)[64]; unsigned *key; long *value; } counts SEC(".maps");
int total;
SEC("socket") int f(struct task *t) { total = 5; return t->pid + t->x[2]; }
char _license[] SEC("license") = "GPL";
"#;

#[test]
fn objects_of_gcc() {
    let (c, out) = (TempFile::new("gcc.c", GCC.as_bytes()), TempFile::new("gcc.o", b""));
    let mut command = Command::new("bpf-gcc");
    command.args(["-O2", "-gbtf", "-mco-re", "-c"]).arg(&c.0).arg("-o").arg(&out.0);
    if tool(&mut command).is_none() {
        return;
    }
    let object = elf::read(&std::fs::read(&out.0).expect("gcc's output")).expect("an object");
    assert!(object.funcs[0].core.len() == 2 && object.maps.len() == 1, "{object:#?}");
    check("bpf-gcc", &object);
}
