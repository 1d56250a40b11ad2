//! Objects with some bits changed: what is still read comes back from its text and from its file.

use bpfasm_asm::assemble::{Options, compile};
use bpfasm_asm::diag::Sources;
use bpfasm_asm::object::Object;
use bpfasm_asm::{disasm, elf};
use bpfasm_tests::bin;
use bpfasm_tests::tool::{Need, TempDir, ready};

/// How many broken files are made of each object.
const EACH: u64 = 100;

/// Numbers that look random and are the same each time (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).expect("below the end")
    }
}

/// Changes some bits, mostly of the tables at the end, in which sections and symbols stand.
fn broken(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + numbers.below(4) {
        let len = bytes.len();
        let at = match numbers.below(3) {
            0 => numbers.below(len),
            _ => len / 2 + numbers.below(len / 2),
        };
        bytes[at] = match numbers.below(4) {
            0 => 0,
            1 => 0xff,
            2 => bytes[at].wrapping_add(1),
            _ => bytes[at] ^ 1 << numbers.below(8),
        };
    }
    bytes
}

fn read(bytes: &[u8]) -> Option<Object> {
    elf::read(bytes).ok()
}

/// What comes back as another object, if anything does.
fn wrong(object: &Object) -> Option<&'static str> {
    if let Ok(file) = elf::write(object)
        && read(&file).as_ref() != Some(object)
    {
        return Some("its file");
    }
    let mut sources = Sources::default();
    let root = sources.add("text.bpfasm", disasm::to_text(object));
    let again = compile(&mut sources, root, &Options::default()).object;
    // What no text can say is an error.
    again.is_some_and(|again| again != *object).then_some("its text")
}

#[test]
fn broken_objects_come_back_or_are_refused() {
    if !ready(&[Need::Tool("clang-19")]) {
        return;
    }
    let dir = TempDir::new();
    let (mut read_again, mut found) = (0, vec![]);
    for source in bin::repo().join("tests/c").read_dir().expect("it is there") {
        let source = source.expect("a file").path();
        let file = dir.file("x.o");
        let clang = ["clang-19", "-target", "bpf", "-mcpu=v4", "-O2", "-g"];
        assert!(bin::compiles(&clang, &source, &file), "{}", source.display());
        let bytes = std::fs::read(&file).expect("the object");
        for seed in 0..EACH {
            let bytes = broken(&bytes, seed);
            let Some(object) = read(&bytes) else { continue };
            read_again += 1;
            if let Some(what) = wrong(&object) {
                let keep = std::env::temp_dir().join(format!("broken-{}-{seed}.o", found.len()));
                if std::env::var_os("KEEP").is_some() {
                    std::fs::write(keep, &bytes).expect("it is kept");
                }
                found.push(format!("{what}: {}, seed {seed}", source.display()));
            }
        }
    }
    assert!(found.is_empty(), "{} of {read_again}:\n{}", found.len(), found.join("\n"));
    assert!(read_again > 300, "{read_again}");
}
