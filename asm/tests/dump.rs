//! Listings: ours as it was read and approved, and that of LLVM 19 byte by byte.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod object_common;

use std::path::Path;
use std::process::Command;

use bpfasm_asm::dump::{Llvm, View};
use bpfasm_asm::elf;
use bpfasm_asm::isa::{Endian, FORMS, Insn};
use bpfasm_asm::object::{Func, Linkage, Object};

use object_common::{TempFile, tool};

const SOURCE: &str = r#"license "GPL"

map drops: array<u32, u64>[4]
global hits: u32 = 0

func twice() {
    r0 = r1
    r0 += r1
    exit
}

prog studied: "xdp" {
    r6 = r1
    r1 = "a tab \t and a line\n" ll
    w2 = 20
    call bpf_trace_printk
    r1 = drops ll
    r2 = hits ll
    w1 = *(u32 *)(r2 + 0)
.again:
    w1 -= 1
    if w1 != 0 goto .again
    call twice
    r3 = 0x1122334455667788 ll
    raw ff 00 00 00 00 00 00 00
    goto .end
    w0 = 1
.end:
    w0 = 2
    exit
}
"#;

#[test]
fn the_view_is_the_golden_one() {
    let object = common::assemble(SOURCE, Endian::Little).expect("it assembles");
    let view = |view: View| {
        let mut text = vec![];
        view.write(&object, &object.funcs.iter().collect::<Vec<_>>(), &mut text).expect("memory takes it");
        String::from_utf8(text).expect("UTF-8")
    };
    let full = View { source: true, bytes: true, colour: false };
    let text = view(full);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dump.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).expect("the file can be written");
    }
    assert_eq!(text, std::fs::read_to_string(&path).expect("the golden file"), "BLESS=1 refreshes it");
    // Colours change nothing but colours.
    let coloured = view(View { colour: true, ..full });
    let plain = coloured.split('\x1b').enumerate().map(|(i, part)| match i {
        0 => part,
        _ => part.split_once('m').expect("the end of a colour").1,
    });
    assert!(coloured.contains('\x1b'));
    let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_string()).collect::<Vec<_>>();
    assert_eq!(trimmed(&plain.collect::<String>()), trimmed(&text));
    let bare = view(View { source: false, bytes: false, colour: false });
    assert!(!bare.contains("; test") && bare.contains("      12:  call twice"), "{bare}");
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// Functions of instructions as they are in the table, in each of which a field is another one then.
fn odd(seed: u64, endian: Endian) -> Object {
    let mut random = Random(seed);
    let offs = [0, 0, 1, 8, 16, 32, -1, i16::MIN, i16::MAX];
    let imms = [0, 1, 2, 5, 0x40, 0x41, 16, 32, 64, 0xe1, 0xf1, 0x100, 0x1f1, -1, i32::MIN, i32::MAX];
    let mut object = Object { endian, ..Object::default() };
    for (number, section) in ["xdp", "tc", ".text"].into_iter().enumerate() {
        let mut insns = vec![];
        for form in FORMS.iter().chain(FORMS) {
            let mut insn = form.insn(1, 2, 8, 5).expect("an example");
            let nibble = |random: &mut Random| u8::try_from(random.below(16)).unwrap();
            match random.below(5) {
                0 => insn.dst = nibble(&mut random),
                1 => insn.src = nibble(&mut random),
                2 => insn.off = random.pick(&offs),
                3 => insn.imm = random.pick(&imms),
                _ => insn.code = u8::try_from(random.below(256)).unwrap(),
            }
            if insn.code != 0x18 {
                insn.hi = None;
            }
            insns.push(insn);
        }
        // Calls would need functions to go to. Zeros are what LLVM skips.
        insns.retain(|insn| insn.code != 0x85);
        insns.extend([Insn::default(); 3]);
        // Symbols within, as compilers leave them where jumps land.
        let mut rest = insns.as_slice();
        while !rest.is_empty() {
            let len = usize::try_from(random.below(20) + 1).unwrap().min(rest.len());
            let (some, more) = rest.split_at(len);
            rest = more;
            object.funcs.push(Func {
                name: format!("{}{number}_{}", random.pick(&["LBB", "a", "z"]), rest.len()),
                section: section.into(),
                linkage: random.pick(&[Linkage::Global, Linkage::Static]),
                insns: some.to_vec().into(),
                ..Func::default()
            });
        }
    }
    object
}

#[test]
fn the_listing_of_llvm_byte_by_byte() {
    for (seed, endian) in (0..8).flat_map(|seed| [(seed, Endian::Little), (seed, Endian::Big)]) {
        let bytes = elf::write(&odd(seed, endian)).expect("it can be written");
        let file = TempFile::new(&format!("dump-{seed}-{}.o", endian.name()), &bytes);
        let path = file.0.to_str().expect("UTF-8");
        let mut command = Command::new("llvm-objdump-19");
        let Some(theirs) = tool(command.args(["-d", "--no-show-raw-insn", path])) else { return };
        let mut ours = vec![];
        Llvm::parse(&bytes).expect("a file").write(path, None, &mut ours).expect("memory takes it");
        let ours = String::from_utf8(ours).expect("UTF-8");
        let differs = theirs.lines().zip(ours.lines()).find(|(theirs, ours)| theirs != ours);
        assert_eq!(differs, None, "seed {seed}, {}", endian.name());
        assert_eq!(theirs.len(), ours.len());
        for shape in ["<unknown>", " <LBB", "\t\t...", "ld_pseudo"] {
            assert!(theirs.contains(shape), "{shape}");
        }
    }
}
