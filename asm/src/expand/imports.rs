//! What `import btf` names: files are read, and the names looked up in them.

use std::rc::Rc;

use crate::assemble::Files;
use crate::btf::{Enumerator, Head, Kind, Scan, TypeId, is_split};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span, code, nearest};
use crate::elf;
use crate::lang::ast::{BtfName, ImportBtf, Item, ItemKind};
use crate::lang::words::bare;
use crate::sort::Sort;

/// What the BTF of the running kernel is called.
const KERNEL: &str = "vmlinux";

/// The files that `import btf` names, each once.
#[derive(Debug, Default)]
pub(super) struct BtfFiles {
    files: Vec<(String, Vec<u8>)>,
    /// For each import, by the place of its string, the number of its file.
    by_import: Vec<(Span, usize)>,
}

impl BtfFiles {
    /// Reads what the imports of all files name.
    pub(super) fn read(
        sources: &Sources,
        items: &[&Item],
        reader: &dyn Files,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut all = Self::default();
        for item in items {
            let ItemKind::ImportBtf(import) = &item.kind else { continue };
            let quoted = sources.slice(import.file);
            let name = &quoted[1..quoted.len() - 1];
            let from = sources.get(import.file.file).name.as_str();
            let read = if name == KERNEL {
                all.kernel(reader).map_err(|why| {
                    let d = nothing(import.file, &why);
                    d.help("a file with BTF will do, of whichever machine: `import btf \"FILE\" { … }`")
                })
            } else {
                all.file(reader, from, name).map_err(|why| nothing(import.file, &why))
            };
            match read {
                Ok(number) => all.by_import.push((import.file, number)),
                Err(d) => diagnostics.push(d),
            }
        }
        all
    }

    fn known(&self, name: &str) -> Option<usize> {
        self.files.iter().position(|f| f.0 == name)
    }

    /// The number of the kernel's BTF.
    fn kernel(&mut self, reader: &dyn Files) -> Result<usize, String> {
        if let Some(known) = self.known(KERNEL) {
            return Ok(known);
        }
        self.files.push((KERNEL.to_string(), reader.kernel_btf()?));
        Ok(self.files.len() - 1)
    }

    /// The number of a file. That of a kernel module needs the kernel's, too.
    fn file(&mut self, reader: &dyn Files, from: &str, name: &str) -> Result<usize, String> {
        let (name, bytes) = reader.read(from, name)?;
        if let Some(known) = self.known(&name) {
            return Ok(known);
        }
        if section(&bytes).is_ok_and(|btf| is_split(btf).unwrap_or(false)) {
            self.kernel(reader).map_err(|why| format!("they go on from the kernel's, and {why}"))?;
        }
        self.files.push((name, bytes));
        Ok(self.files.len() - 1)
    }

    /// Finds where the types of each file begin.
    pub(super) fn scan(&self, diagnostics: &mut Diagnostics) -> Vec<Option<Rc<Scan<'_>>>> {
        let mut scans = vec![];
        // The kernel's has been read before what goes on from it.
        let mut kernel = None;
        for (number, (name, bytes)) in self.files.iter().enumerate() {
            let found = scan(bytes, kernel.as_ref()).map(Rc::new);
            if let (Err(why), Some((span, _))) = (&found, self.by_import.iter().find(|i| i.1 == number)) {
                diagnostics.push(nothing(*span, why));
            }
            let found = found.ok();
            if name == KERNEL {
                kernel.clone_from(&found);
            }
            scans.push(found);
        }
        scans
    }
}

fn nothing(file: Span, why: &str) -> Diagnostic {
    Diagnostic::error(code::BTF, format!("there are no types to take: {why}"), file)
}

/// The BTF in a file.
fn section(bytes: &[u8]) -> Result<&[u8], String> {
    if !bytes.starts_with(b"\x7fELF") {
        return Ok(bytes);
    }
    let section = elf::btf_section(bytes).map_err(|e| e.to_string())?;
    section.ok_or_else(|| "this ELF file has no section .BTF".to_string())
}

fn scan<'a>(bytes: &'a [u8], kernel: Option<&Rc<Scan<'a>>>) -> Result<Scan<'a>, String> {
    let btf = section(bytes)?;
    let base = match is_split(btf) {
        Ok(true) => Some(kernel.cloned().ok_or("they go on from the kernel's, which cannot be read")?),
        _ => None,
    };
    Scan::on(btf, base).map_err(|e| e.to_string())
}

/// A type that a list names, or a constant: the only one of `values`, without a type.
#[derive(Debug)]
pub(super) struct Imported<'a> {
    /// Its name.
    pub(super) text: &'a str,
    /// The place of its name in the list.
    pub(super) name: Span,
    /// What stands in front of it.
    pub(super) core: bool,
    /// The number of its file, and of the type there; `None` where it was not found.
    pub(super) found: Option<(usize, TypeId)>,
    /// How well its kind answers a name alone: a lower number is better.
    pub(super) rank: usize,
    /// Whether it is a struct or union, and whether a union.
    pub(super) is_struct: bool,
    pub(super) union: bool,
    /// The members of an enum, or the constant.
    pub(super) values: Vec<(String, i128)>,
}

/// Looks up all names of all lists.
pub(super) fn look_up<'a>(
    sources: &'a Sources,
    items: &[&Item],
    read: &BtfFiles,
    scans: &[Option<Rc<Scan>>],
    diagnostics: &mut Diagnostics,
) -> Vec<Imported<'a>> {
    let mut all = vec![];
    for item in items {
        let ItemKind::ImportBtf(import) = &item.kind else { continue };
        let number = read.by_import.iter().find(|i| i.0 == import.file).map(|i| i.1);
        let scan = number.and_then(|n| Some((n, scans.get(n)?.as_ref()?)));
        let mut found = scan.map_or(vec![], |(_, scan)| find(sources, import, scan)).into_iter();
        for name in &import.names {
            let found = found.next().flatten();
            let head = match &found {
                Some(Found::Type(head)) => Some(*head),
                _ => None,
            };
            let mut imported = Imported {
                text: bare(sources.slice(name.name)),
                name: name.name,
                core: name.core.is_some(),
                found: None,
                rank: 0,
                is_struct: head.is_some_and(|h| matches!(h.kind, 4 | 5)),
                union: head.is_some_and(|h| h.kind == 5),
                values: vec![],
            };
            match (scan, found) {
                (Some((number, scan)), Some(Found::Type(head))) => {
                    imported.found = Some((number, head.id));
                    imported.values = values(scan, head.id);
                }
                (Some(_), Some(Found::Const(value))) => {
                    imported.values = vec![(imported.text.to_string(), value)];
                }
                (Some((_, scan)), None) => diagnostics.push(missing(sources, import, name, scan)),
                // The file has been reported.
                (None, _) => {}
            }
            all.push(imported);
        }
    }
    all
}

/// How well a kind answers what stands in front of a name: a lower number is better.
pub(super) fn rank(kind: u32, wanted: Option<&str>) -> Option<usize> {
    let (word, rank) = match kind {
        4 => ("struct", 0),
        5 => ("union", 1),
        6 | 19 => ("enum", 2),
        8 => ("type", 3),
        _ => return None,
    };
    wanted.is_none_or(|wanted| wanted == word).then_some(rank)
}

/// What a name means.
#[derive(Debug, Clone, Copy)]
enum Found {
    Type(Head),
    /// A member of an enum.
    Const(i128),
}

/// Whether a member of an enum may be meant.
fn may_be_constant(wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| wanted == "const")
}

/// What each name means: the type of the best kind, the first; else the first member of an enum.
fn find(sources: &Sources, import: &ImportBtf, scan: &Scan) -> Vec<Option<Found>> {
    let names: Vec<(&str, Option<&str>)> = import
        .names
        .iter()
        .map(|n| (bare(sources.slice(n.name)), n.kind.map(|k| sources.slice(k))))
        .collect();
    let mut types: Vec<Option<(usize, Head)>> = vec![None; names.len()];
    for head in scan.heads() {
        if rank(head.kind, None).is_none() {
            continue;
        }
        for ((name, wanted), found) in names.iter().zip(&mut types) {
            let Some(rank) = rank(head.kind, *wanted) else { continue };
            if found.is_none_or(|(best, _)| rank < best) && scan.is_named(&head, name) {
                *found = Some((rank, head));
            }
        }
    }
    let mut found: Vec<_> = types.into_iter().map(|found| Some(Found::Type(found?.1))).collect();
    let open = |((_, wanted), found): (&(&str, Option<&str>), &Option<Found>)| {
        found.is_none() && may_be_constant(*wanted)
    };
    if names.iter().zip(&found).any(open) {
        for (member, value) in members(scan) {
            for (name, found) in names.iter().zip(&mut found) {
                if name.0 == member && open((name, found)) {
                    *found = Some(Found::Const(value));
                }
            }
        }
    }
    found
}

/// The members of all enums.
fn members(scan: &Scan) -> impl Iterator<Item = (String, i128)> {
    let enums = scan.heads().filter(|h| rank(h.kind, Some("enum")).is_some());
    enums.flat_map(|head| values(scan, head.id))
}

fn missing(sources: &Sources, import: &ImportBtf, name: &BtfName, scan: &Scan) -> Diagnostic {
    let text = bare(sources.slice(name.name));
    let wanted = name.kind.map(|k| sources.slice(k));
    let what = match wanted {
        None => "type or constant",
        Some("const") => "constant",
        Some(kind) => kind,
    };
    let d = Diagnostic::error(
        code::BTF,
        format!("there is no {what} `{text}` in {}", sources.slice(import.file)),
        name.name,
    );
    let heads = || scan.heads().filter(|h| rank(h.kind, None).is_some());
    if let Some(other) = heads().find(|h| scan.is_named(h, text)) {
        let kind = ["struct", "union", "enum", "type"][rank(other.kind, None).unwrap_or(0)];
        let place = name.kind.unwrap_or(name.name);
        return d.suggest(format!("it is written `{kind} {text}`"), place, kind);
    }
    if let (Some(kind), true) = (name.kind, members(scan).any(|m| m.0 == text)) {
        return d.suggest(format!("it is written `const {text}`"), kind, "const");
    }
    if let Some(base) = scan.base()
        && find(sources, import, base).iter().zip(&import.names).any(|(f, n)| f.is_some() && n == name)
    {
        return d.help(format!("the kernel itself has it: `import btf \"{KERNEL}\" {{ {text} }}`"));
    }
    if heads_of_forward(scan, text) {
        return d.note("only its name is declared there");
    }
    let constants: Vec<_> =
        if may_be_constant(wanted) { members(scan).map(|m| m.0).collect() } else { vec![] };
    let mut known: Vec<&str> =
        heads().filter(|h| rank(h.kind, wanted).is_some()).filter_map(|h| scan.name(&h)).collect();
    known.extend(constants.iter().map(String::as_str));
    known.order();
    known.dedup();
    match nearest(text, known) {
        Some(near) => d.suggest(format!("did you mean `{near}`?"), name.name, near),
        None => d,
    }
}

fn heads_of_forward(scan: &Scan, name: &str) -> bool {
    scan.heads().any(|h| h.kind == 7 && scan.is_named(&h, name))
}

/// The members of an enum, as numbers.
fn values(scan: &Scan, id: TypeId) -> Vec<(String, i128)> {
    match scan.get(id).ok().flatten().map(|ty| ty.kind) {
        Some(Kind::Enum { signed, values, .. } | Kind::Enum64 { signed, values, .. }) => {
            numbers(values, signed)
        }
        _ => vec![],
    }
}

/// Values of an enum without its width.
pub(super) fn numbers(values: Vec<Enumerator>, signed: bool) -> Vec<(String, i128)> {
    let member = |v: Enumerator| {
        let number = v.number(signed);
        (v.name, number)
    };
    values.into_iter().map(member).collect()
}
