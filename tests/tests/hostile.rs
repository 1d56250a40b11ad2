//! Object files that are made to cost much: each ends with an answer, in time and memory that go with its size.

use std::process::Command;
use std::time::Duration;

use bpfasm_tests::bin;
use bpfasm_tests::tool::{Running, TempDir};

/// The tests' own build is slow, and the machine may be, too.
const LIMIT: Duration = Duration::from_secs(60);
/// What the program takes for itself, in KiB of addresses.
const PROGRAM: usize = 96 * 1024;
/// How many times its size a file may take.
const FACTOR: usize = 16;

const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
const ALLOC: u64 = 2;
const CODE: u64 = 6;

/// A section of a file that is made by hand.
#[derive(Clone)]
struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    link: u32,
    bytes: Vec<u8>,
}

impl Section {
    fn new(name: &'static str, kind: u32, flags: u64, bytes: Vec<u8>) -> Self {
        Self { name, kind, flags, link: 0, bytes }
    }
}

fn numbers(bytes: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
}

/// An ELF file; the last section is said `times` times, with the same bytes.
fn file(sections: &[Section], times: usize) -> Vec<u8> {
    let mut names = vec![0];
    let mut body = vec![0; 64];
    let mut headers = vec![0; 64];
    let mut header = |name: usize, section: &Section, offset: usize| {
        numbers(&mut headers, &[u32::try_from(name).expect("small"), section.kind]);
        for n in [section.flags, 0, offset as u64, section.bytes.len() as u64] {
            headers.extend(n.to_le_bytes());
        }
        numbers(&mut headers, &[section.link, 0]);
        let entry: u64 = if section.kind == SYMTAB { 24 } else { 0 };
        headers.extend(8u64.to_le_bytes());
        headers.extend(entry.to_le_bytes());
    };
    for (i, section) in sections.iter().enumerate() {
        let name = names.len();
        names.extend(section.name.bytes().chain([0]));
        let offset = body.len();
        body.extend(&section.bytes);
        body.resize(body.len().next_multiple_of(8), 0);
        for _ in 0..if i + 1 == sections.len() { times } else { 1 } {
            header(name, section, offset);
        }
    }
    let strings = Section::new("", STRTAB, 0, names);
    header(0, &strings, body.len());
    body.extend(&strings.bytes);
    body.resize(body.len().next_multiple_of(8), 0);
    let start = body.len() as u64;
    body.extend(&headers);
    let count = headers.len() / 64;
    body[..16].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    body[16..20].copy_from_slice(&[1, 0, 247, 0]);
    body[40..48].copy_from_slice(&start.to_le_bytes());
    body[58..60].copy_from_slice(&64u16.to_le_bytes());
    // Many sections are counted in the first header.
    let (few, last) = match u16::try_from(count) {
        Ok(few) if few < 0xff00 => (few, few - 1),
        _ => {
            let first = usize::try_from(start).expect("small");
            body[first + 32..first + 40].copy_from_slice(&(count as u64).to_le_bytes());
            body[first + 40..first + 44]
                .copy_from_slice(&u32::try_from(count - 1).expect("small").to_le_bytes());
            (0, 0xffff)
        }
    };
    body[60..62].copy_from_slice(&few.to_le_bytes());
    body[62..64].copy_from_slice(&last.to_le_bytes());
    body
}

fn code(slots: usize) -> Vec<u8> {
    [0xb7, 0, 0, 0, 0, 0, 0, 0].repeat(slots)
}

/// A file with so many symbols in one section, `step` bytes apart, all of one name.
fn symbols(count: usize, step: usize, name: usize) -> Vec<u8> {
    let mut table = vec![0; 24];
    for i in 0..count {
        let info = [0x12, 0, 1, 0]; // a global function in section 1
        numbers(&mut table, &[1]);
        table.extend(info);
        table.extend(((i * step % 8000) as u64).to_le_bytes());
        table.extend(8u64.to_le_bytes());
    }
    let mut strings = vec![0];
    strings.resize(name + 1, b'f');
    strings.push(0);
    let symtab = Section { link: 3, ..Section::new(".symtab", SYMTAB, 0, table) };
    file(
        &[
            Section::new("xdp", PROGBITS, CODE, code(1000)),
            symtab,
            Section::new(".strtab", STRTAB, 0, strings),
        ],
        1,
    )
}

/// A file whose types are these numbers, with `a` and a long name at 1 and 3.
fn types(types: impl IntoIterator<Item = u32>, name: usize) -> Vec<u8> {
    let mut section = vec![];
    numbers(&mut section, &types.into_iter().collect::<Vec<_>>());
    let mut strings = b"\0a\0".to_vec();
    strings.resize(name + 3, b'l');
    strings.push(0);
    let (len, text) =
        (u32::try_from(section.len()).expect("small"), u32::try_from(strings.len()).expect("small"));
    let mut btf = vec![0x9f, 0xeb, 1, 0];
    numbers(&mut btf, &[24, 0, len, len, text]);
    btf.extend(section);
    btf.extend(strings);
    file(&[Section::new("xdp", PROGBITS, CODE, code(2)), Section::new(".BTF", PROGBITS, 0, btf)], 1)
}

const STRUCT: u32 = 4 << 24;
const TYPEDEF: u32 = 8 << 24;
const PTR: u32 = 2 << 24;

fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let megabyte = code(1 << 17);
    vec![
        ("code that sections share", file(&[Section::new("xdp", PROGBITS, CODE, megabyte.clone())], 1000)),
        ("data that sections share", file(&[Section::new(".data", PROGBITS, ALLOC, megabyte.clone())], 1000)),
        ("an unknown section, often", file(&[Section::new("other", 99, 0, megabyte)], 1000)),
        ("more sections than 16 bits count", file(&[Section::new("xdp", PROGBITS, CODE, code(8))], 66_000)),
        ("empty sections", file(&[Section::new(".data.x", PROGBITS, ALLOC, vec![])], 20_000)),
        ("functions at one place", symbols(20_000, 0, 1)),
        ("functions at every place", symbols(20_000, 8, 1)),
        ("long names that symbols share", symbols(10_000, 8, 100_000)),
        ("a typedef of itself", types([1, TYPEDEF, 1], 1)),
        ("a struct in itself", types([1, STRUCT | 1, 8, 1, 1, 0], 1)),
        ("a chain of typedefs", types((0..30_000).flat_map(|i| [1, TYPEDEF, i + 2]), 1)),
        ("a chain of pointers", types((0..30_000).flat_map(|i| [0, PTR, i + 2]), 1)),
        ("structs within structs", types((0..20_000).flat_map(|i| [1, STRUCT | 1, 8, 1, i + 2, 0]), 1)),
        ("structs that double", types((0..60).flat_map(|i| [0, STRUCT | 2, 8, 1, i + 2, 0, 1, i + 2, 0]), 1)),
        (
            "a long name at each member",
            types([1, STRUCT | 60_000, 8].into_iter().chain((0..60_000).flat_map(|_| [3, 0, 0])), 200_000),
        ),
        ("more members than there are bytes", types([1, STRUCT | 0xffff, 8], 1)),
    ]
}

#[test]
fn hostile_objects_take_no_more_than_goes_with_their_size() {
    let dir = TempDir::new();
    let path = dir.file("x.o");
    for (what, bytes) in hostile() {
        std::fs::write(&path, &bytes).expect("a file");
        for verb in [&["dump"][..], &["dump", "--llvm"], &["disasm"], &["btf", "dump", "file"]] {
            let kib = PROGRAM + FACTOR * bytes.len() / 1024;
            let mut command = Command::new("sh");
            command.args(["-c", &format!("ulimit -v {kib}; exec \"$0\" \"$@\" > /dev/null")]);
            command.arg(bin::path()).args(verb).arg(&path);
            let output = Running::start(command).wait(LIMIT);
            let said = &output.stderr;
            assert!(
                matches!(output.code(), Some(0 | 1)),
                "{what}: {verb:?}: {:?} {said:.600}",
                output.code()
            );
            assert!(!said.contains("panicked"), "{what}: {verb:?}: {said:.600}");
            assert_eq!(output.code() == Some(1), said.contains("error"), "{what}: {verb:?}: {said:.600}");
        }
    }
}
