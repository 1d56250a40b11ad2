//! What can go wrong between an object and a running kernel.

use crate::load::Differences;
use crate::load::privileges::Diagnosis;
use crate::sys;
use crate::verifier::{Place, Rejection};
use bpfasm_asm::fit;
use nix::errno::Errno;
use std::borrow::Cow;
use std::path::PathBuf;

/// The result of loading, pinning or inspecting.
pub type Result<T> = std::result::Result<T, Error>;

/// An object that was not loaded or pinned. Nothing is left behind when one of these is returned.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object was made for machines of the other byte order.
    #[error("the object is {object}-endian, but this machine is {host}-endian: build it for this one")]
    Endian {
        /// Byte order of the object: `little` or `big`.
        object: &'static str,
        /// Byte order of the machine.
        host: &'static str,
    },
    /// Nothing to load.
    #[error("no program called `{name}`; the object has {}", list(.known))]
    NoProgram {
        /// The name asked for.
        name: String,
        /// The programs that are there.
        known: Vec<String>,
    },
    /// A section name that fixes no program type.
    #[error("program `{prog}`: section `{section}` does not say which type of program it is")]
    Section {
        /// The program.
        prog: String,
        /// Its section.
        section: String,
    },
    /// A program whose target is not there, or not named.
    #[error("program `{prog}`: {what}")]
    Target {
        /// The program.
        prog: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Something of the kernel's that a program uses and the kernel does not have.
    #[error("`{name}`: {what}")]
    Extern {
        /// Its name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// Something in the object that the loader does not do yet.
    #[error("`{name}` needs {what}, which is not supported yet")]
    Needs {
        /// The program, function or map.
        name: String,
        /// What it needs.
        what: String,
    },
    /// A value that depends on the kernel's types, where these contradict the object or each other.
    #[error("{}function `{func}`, instruction {}: {source}", at(.place.as_deref()), .source.insn)]
    Core {
        /// The function.
        func: String,
        /// Where in the source, as far as the object says.
        place: Option<Box<Place>>,
        /// Which value, and what is wrong.
        source: Box<fit::Error>,
    },
    /// A value for a variable that is not there.
    #[error("no variable called `{name}`; the object has {}", list(.known))]
    NoConfig {
        /// The name asked for.
        name: String,
        /// The variables that are there.
        known: Vec<String>,
    },
    /// An element for a map that is not there.
    #[error("no map called `{name}`; the object has {}", list(.known))]
    NoMap {
        /// The name asked for.
        name: String,
        /// The maps that are there.
        known: Vec<String>,
    },
    /// A value on the command line that is none.
    #[error("{flag} {text}: {what}")]
    Setting {
        /// The option.
        flag: &'static str,
        /// What was given.
        text: String,
        /// What is wrong.
        what: String,
    },
    /// An element that the kernel did not take.
    #[error("map `{map}`, key {key}: {source}{}", suffix(no_room(source)))]
    Element {
        /// The map.
        map: String,
        /// The key as it was given.
        key: String,
        /// The call that failed.
        source: sys::Error,
    },
    /// A value of another size than its variable.
    #[error("variable `{name}` takes {want} bytes, not {got}")]
    ConfigSize {
        /// The variable.
        name: String,
        /// Its size in bytes.
        want: u32,
        /// The size of the value in bytes.
        got: usize,
    },
    /// An object whose parts do not fit together.
    #[error("function `{func}`, instruction {insn}: {what}")]
    Object {
        /// The function.
        func: String,
        /// Index of the instruction in it.
        insn: usize,
        /// What does not fit.
        what: &'static str,
    },
    /// A function too long for its numbers.
    #[error("program `{prog}` with its functions is too long")]
    TooLong {
        /// The program.
        prog: String,
    },
    /// The kernel's types, which a program needs, are not there or cannot be understood.
    #[error("{}: {what}", .path.display())]
    KernelBtf {
        /// Where they were looked for.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The kernel's configuration, which a program needs, is not there or cannot be read.
    #[error("the kernel's configuration: {what}")]
    KernelConfig {
        /// What is wrong.
        what: String,
    },
    /// BTF that cannot be written.
    #[error("types: {0}")]
    Btf(String),
    /// The kernel does not let this process do it.
    #[error("{what}: {source}: {diagnosis}")]
    NotPermitted {
        /// What was to be done: `map "drops"`, `program "port_drop"`.
        what: String,
        /// The call that failed.
        source: sys::Error,
        /// What is missing, and what to do.
        diagnosis: Diagnosis,
    },
    /// A table of functions that this kernel does not take.
    #[error("table `{name}`: {what}")]
    Table {
        /// The variable.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// No map where one was named that is to take the place of another.
    #[error("{place}: {what}")]
    NoExisting {
        /// A path, or `id:N`.
        place: String,
        /// What is wrong with it.
        what: String,
    },
    /// A map in the place of one of the object's that is not what the object describes.
    #[error(
        "map `{name}`: {place} is another one:\n{differences}\nname another map or pin, or remove this one"
    )]
    OtherMap {
        /// The map in the object.
        name: String,
        /// Where the other one is.
        place: String,
        /// In which fields they differ.
        differences: Differences,
    },
    /// A map or data section that the kernel did not make or fill.
    #[error("map `{name}`: {source}{}", suffix(.help.as_deref()))]
    Map {
        /// The map or the data section.
        name: String,
        /// The call that failed.
        source: sys::Error,
        /// What may be wrong, where that is known.
        help: Option<Cow<'static, str>>,
    },
    /// A program that the kernel refused before looking at its instructions.
    #[error("program `{prog}`: {source}{}", suffix(*.help))]
    Program {
        /// The program.
        prog: String,
        /// The call that failed.
        source: sys::Error,
        /// What may be wrong, where that is known.
        help: Option<&'static str>,
    },
    /// A program that the verifier refused.
    #[error("{0}")]
    Rejected(Box<Rejection>),
    /// A directory for pins that is not on a BPF file system.
    #[error("{}: not on a BPF file system; mount one: mount -t bpf bpf /sys/fs/bpf", .path.display())]
    NotBpffs {
        /// The directory, or the one that it would be made in.
        path: PathBuf,
    },
    /// A pin that would take the place of another.
    #[error("{}: exists; remove it or choose another directory", .path.display())]
    PinExists {
        /// The path.
        path: PathBuf,
    },
    /// A name that no pin can have.
    #[error("{}: `{name}` cannot be pinned: a pin's name has neither a dot nor a slash and is not empty", .path.display())]
    PinName {
        /// The path.
        path: PathBuf,
        /// The part of it that cannot be.
        name: String,
    },
    /// A directory that cannot be made or looked at, or a pin that the kernel refused.
    #[error("{}: {source}{}", .path.display(), suffix(make_it_first(source)))]
    Pin {
        /// The path.
        path: PathBuf,
        /// The call that failed.
        source: sys::Error,
    },
    /// A system call that failed elsewhere.
    #[error(transparent)]
    Sys(#[from] sys::Error),
}

/// `a, b and c`, or `none`.
fn list(names: &[String]) -> String {
    match names {
        [] => "none".into(),
        [one] => format!("`{one}`"),
        [head @ .., last] => {
            let head: Vec<String> = head.iter().map(|n| format!("`{n}`")).collect();
            format!("{} and `{last}`", head.join(", "))
        }
    }
}

/// Why an element was not taken.
fn no_room(e: &sys::Error) -> Option<&'static str> {
    (e.errno == Errno::E2BIG).then_some("the index is beyond the last element, or the map is full")
}

/// What to do about a directory that is not there.
fn make_it_first(e: &sys::Error) -> Option<&'static str> {
    (e.errno == Errno::ENOENT).then_some("only the last directory is made; make this one first")
}

/// `file:line: `, or nothing.
fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!("{}:{}: ", place.file, place.line))
}

/// `: text`, or nothing.
fn suffix(help: Option<&str>) -> String {
    help.map_or_else(String::new, |h| format!(": {h}"))
}
