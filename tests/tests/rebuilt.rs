//! Objects that `build` makes from the text of `disasm`, loaded by bpftool: where the original loads the kernel has the
//! same programs, with the same tags; where it does not, it is refused with the same words.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use bpfasm_tests::bin::{self, bpfasm};
use bpfasm_tests::space::Space;
use bpfasm_tests::tool::{Need, TempDir, ready, run, which};
use serde_json::Value;

/// What the compilers are called with.
const COMPILERS: &[&[&str]] = &[
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v1"],
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v2"],
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
    &["clang-19", "-target", "bpf", "-g", "-O2", "-mcpu=v4"],
    &["clang-19", "-target", "bpf", "-g0", "-O2"],
    &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v1"],
    &["clang-14", "-target", "bpf", "-g", "-O2", "-mcpu=v3"],
    &["clang-14", "-target", "bpf", "-g", "-O1", "-mcpu=v2"],
    &["bpf-gcc", "-g", "-O2"],
    &["bpf-gcc", "-g", "-O1"],
];

/// Where programs are pinned, in the test's own mounts.
const PINS: &str = "/sys/fs/bpf/rebuilt";

/// Sources below a folder of the repository.
fn sources(folder: &str) -> Vec<PathBuf> {
    let entries = bin::repo().join(folder).read_dir().expect("it is there");
    let mut files: Vec<_> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// A folder for an object as it was, and one for what it is rebuilt to. Loaders name things after the file, so that both
/// have the same name.
struct Pair {
    dir: TempDir,
    space: Space,
    /// Of each maker of objects: how many load, and how many are refused.
    count: BTreeMap<String, [usize; 2]>,
    wrong: Vec<String>,
}

impl Pair {
    fn new() -> Self {
        let dir = TempDir::new();
        for name in ["original", "rebuilt"] {
            std::fs::create_dir(dir.file(name)).expect("a folder");
        }
        Self { dir, space: Space::new(), count: BTreeMap::new(), wrong: vec![] }
    }

    fn original(&self) -> PathBuf {
        self.dir.file("original/x.o")
    }

    /// Compares the object that stands in its place now with what its text builds.
    fn compare(&mut self, maker: &str, name: &str) {
        let text = run(bpfasm(["disasm".as_ref(), self.original().as_os_str()])).ok().stdout;
        let text = self.dir.write("rebuilt/x.bpfasm", text);
        let object = self.dir.file("rebuilt/x.o");
        run(bpfasm(["build".as_ref(), text.as_os_str(), OsStr::new("-o"), object.as_os_str()])).ok();
        let (original, rebuilt) = (self.load("original"), self.load("rebuilt"));
        self.count.entry(maker.to_owned()).or_default()[usize::from(original.is_err())] += 1;
        if original != rebuilt {
            let texts =
                [format!("{original:#?}"), format!("{rebuilt:#?}")].map(|text| text.replace("\\n", "\n"));
            let mut lines = texts[0].lines().zip(texts[1].lines());
            self.wrong.push(format!("{name}: {:?}", lines.find(|(a, b)| a != b)));
        }
    }

    /// The programs of an object as the kernel has them, or what bpftool says.
    fn load(&self, folder: &str) -> Result<Vec<Program>, String> {
        let mut command = Command::new(which("bpftool").expect("checked"));
        command.args(["prog", "loadall", "x.o", PINS]).current_dir(self.dir.file(folder));
        let output = self.space.output(command);
        if !output.status.success() {
            return Err(words(&output.text()));
        }
        let pins =
            self.space.run(|| std::fs::read_dir(PINS).expect("pins").flatten().map(|p| p.path()).collect());
        let mut pins: Vec<PathBuf> = pins;
        pins.sort();
        let programs = pins.iter().map(|pin| self.program(pin)).collect();
        self.space.run(|| std::fs::remove_dir_all(PINS)).expect("own pins");
        Ok(programs)
    }

    fn program(&self, pin: &Path) -> Program {
        let pin = pin.to_str().expect("UTF-8");
        let file = self.dir.file("xlated");
        let file = file.to_str().expect("UTF-8");
        self.bpftool(&["prog", "dump", "xlated", "pinned", pin, "file", file]);
        let code = std::fs::read(file).expect("instructions");
        let info = self.json(&["prog", "show", "pinned", pin]);
        let mut maps = BTreeMap::new();
        for id in info["map_ids"].as_array().into_iter().flatten() {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok()).expect("a number");
            let map = self.json(&["map", "show", "id", &id.to_string()]);
            maps.insert(
                id,
                fields(&map, &["name", "type", "flags", "bytes_key", "bytes_value", "max_entries"]),
            );
        }
        Program {
            info: fields(&info, &["name", "type", "tag", "gpl_compatible"]),
            insns: insns(&code, &maps),
        }
    }

    fn bpftool(&self, args: &[&str]) -> String {
        let mut command = Command::new(which("bpftool").expect("checked"));
        self.space.output(command.arg("-j").args(args)).ok().stdout
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.bpftool(args);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}: {text}"))
    }

    /// Nothing differed, and of each maker at least so many objects were loaded.
    #[track_caller]
    fn done(self, wanted: &[(&str, usize)]) {
        println!("loaded and refused: {:?}", self.count);
        let shown = self.wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.wrong.is_empty(), "{} of {:?} differ:\n{shown}", self.wrong.len(), self.count);
        for (maker, least) in wanted {
            assert!(self.count.get(*maker).is_some_and(|n| n[0] >= *least), "{maker}: {:?}", self.count);
        }
    }
}

/// A program as the kernel has it.
#[derive(Debug, PartialEq)]
struct Program {
    /// With its tag, which is a hash of the instructions before the kernel changes them.
    info: Vec<Value>,
    /// As the kernel runs them.
    insns: Vec<String>,
}

fn fields(of: &Value, keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| of[key].clone()).collect()
}

/// Instructions as digits. The number of a map is its properties, and an address in the kernel is none.
fn insns(code: &[u8], maps: &BTreeMap<u32, Vec<Value>>) -> Vec<String> {
    let imm = |slot: &[u8]| u32::from_ne_bytes(slot[4..].try_into().expect("four bytes"));
    let slots: Vec<&[u8]> = code.chunks_exact(8).collect();
    let mut lines = vec![];
    let mut at = 0;
    while let Some(slot) = slots.get(at) {
        let wide = slot[0] == 0x18;
        let next = if wide { imm(slots[at + 1]) } else { 0 };
        let source = slot[1] >> 4;
        lines.push(match source {
            1 | 2 if wide => format!("{:02x?} {:?} {next:x}", &slot[..4], maps[&imm(slot)]),
            0 if next >= 0xffff_8000 => format!("{:02x?} an address", &slot[..4]),
            _ => format!("{slot:02x?} {next:x}"),
        });
        at += if wide { 2 } else { 1 };
    }
    lines
}

/// What is said of a refusal. Addresses in the kernel are left out, and which sections of no use an object has.
fn words(text: &str) -> String {
    const HIGH: &str = "0xffff";
    let mut words = String::new();
    for line in text.lines().filter(|line| !line.contains("elf: skipping")) {
        let mut parts = line.split(HIGH);
        words.extend(parts.next());
        parts.for_each(|part| words.extend([HIGH, part.trim_start_matches(|c: char| c.is_ascii_hexdigit())]));
        words.push('\n');
    }
    words
}

#[test]
fn objects_of_compilers_load_as_before() {
    let tools = ["bpftool", "clang-19", "clang-14", "bpf-gcc"].map(Need::Tool);
    if !ready(&[Need::Root]) || !ready(&tools) {
        return;
    }
    let mut pair = Pair::new();
    let sources = [sources("tests/c"), vec![bin::repo().join("tests/peers/port_drop.c")]].concat();
    for compiler in COMPILERS {
        for source in &sources {
            if bin::compiles(compiler, source, &pair.original()) {
                pair.compare(compiler[0], &format!("{} {}", compiler.join(" "), source.display()));
            }
        }
    }
    pair.done(&[("clang-19", 20), ("clang-14", 12), ("bpf-gcc", 2)]);
}

#[test]
fn our_own_objects_load_as_before() {
    if !ready(&[Need::Root, Need::Tool("bpftool")]) {
        return;
    }
    let mut pair = Pair::new();
    for folder in ["programs", "tests/objects", "tests/written"] {
        for source in sources(folder) {
            std::fs::copy(bin::build(&source, &pair.dir), pair.original()).expect("a copy");
            pair.compare(folder, &source.display().to_string());
        }
    }
    pair.done(&[("programs", 5), ("tests/objects", 10), ("tests/written", 6)]);
}
