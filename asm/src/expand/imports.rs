//! What `import btf` names: files are read, and the names looked up in them.

use crate::assemble::Files;
use crate::btf::{Enumerator, Head, Kind, Scan, TypeId};
use crate::diag::{Diagnostic, Diagnostics, Sources, Span, code, nearest};
use crate::elf;
use crate::lang::ast::{BtfName, ImportBtf, Item, ItemKind};

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
            let read = match name {
                "vmlinux" => match all.files.iter().position(|f| f.0 == name) {
                    Some(known) => Err(Ok(known)),
                    None => reader.kernel_btf().map(|bytes| (name.to_string(), bytes)).map_err(Err),
                },
                _ => reader.read(from, name).map_err(Err),
            };
            let number = match read {
                Ok((name, bytes)) => all.files.iter().position(|f| f.0 == name).unwrap_or_else(|| {
                    all.files.push((name, bytes));
                    all.files.len() - 1
                }),
                Err(Ok(known)) => known,
                Err(Err(why)) => {
                    let d = Diagnostic::error(
                        code::BTF,
                        format!("there are no types to take: {why}"),
                        import.file,
                    );
                    diagnostics.push(match name {
                        "vmlinux" => d.help(
                            "a file with BTF will do, of whichever machine: `import btf \"FILE\" { … }`",
                        ),
                        _ => d,
                    });
                    continue;
                }
            };
            all.by_import.push((import.file, number));
        }
        all
    }

    /// Finds where the types of each file begin.
    pub(super) fn scan(&self, diagnostics: &mut Diagnostics) -> Vec<Option<Scan<'_>>> {
        let mut scans = vec![];
        for (number, (_, bytes)) in self.files.iter().enumerate() {
            let found = scan(bytes);
            if let (Err(why), Some((span, _))) = (&found, self.by_import.iter().find(|i| i.1 == number)) {
                let message = format!("there are no types to take: {why}");
                diagnostics.push(Diagnostic::error(code::BTF, message, *span));
            }
            scans.push(found.ok());
        }
        scans
    }
}

fn scan(bytes: &[u8]) -> Result<Scan<'_>, String> {
    let btf = if bytes.starts_with(b"\x7fELF") {
        let section = elf::btf_section(bytes).map_err(|e| e.to_string())?;
        section.ok_or("this ELF file has no section .BTF")?
    } else {
        bytes
    };
    Scan::new(btf).map_err(|e| e.to_string())
}

/// A type that a list names.
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
    /// The members of an enum.
    pub(super) values: Vec<(String, i128)>,
}

/// Looks up all names of all lists.
pub(super) fn look_up<'a>(
    sources: &'a Sources,
    items: &[&Item],
    read: &BtfFiles,
    scans: &[Option<Scan>],
    diagnostics: &mut Diagnostics,
) -> Vec<Imported<'a>> {
    let mut all = vec![];
    for item in items {
        let ItemKind::ImportBtf(import) = &item.kind else { continue };
        let number = read.by_import.iter().find(|i| i.0 == import.file).map(|i| i.1);
        let scan = number.and_then(|n| Some((n, scans.get(n)?.as_ref()?)));
        let mut heads = scan.map_or(vec![], |(_, scan)| find(sources, import, scan)).into_iter();
        for name in &import.names {
            let head = heads.next().flatten();
            let mut imported = Imported {
                text: sources.slice(name.name),
                name: name.name,
                core: name.core.is_some(),
                found: None,
                rank: 0,
                is_struct: head.is_some_and(|h| matches!(h.kind, 4 | 5)),
                union: head.is_some_and(|h| h.kind == 5),
                values: vec![],
            };
            match (scan, head) {
                (Some((number, scan)), Some(head)) => {
                    imported.found = Some((number, head.id));
                    imported.values = values(scan, head.id);
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

/// The type of each name: of the best kind, the first.
fn find(sources: &Sources, import: &ImportBtf, scan: &Scan) -> Vec<Option<Head>> {
    let names: Vec<(&str, Option<&str>)> =
        import.names.iter().map(|n| (sources.slice(n.name), n.kind.map(|k| sources.slice(k)))).collect();
    let mut found: Vec<Option<(usize, Head)>> = vec![None; names.len()];
    for head in scan.heads() {
        if rank(head.kind, None).is_none() {
            continue;
        }
        for ((name, wanted), found) in names.iter().zip(&mut found) {
            let Some(rank) = rank(head.kind, *wanted) else { continue };
            if found.is_none_or(|(best, _)| rank < best) && scan.is_named(&head, name) {
                *found = Some((rank, head));
            }
        }
    }
    found.into_iter().map(|found| found.map(|(_, head)| head)).collect()
}

fn missing(sources: &Sources, import: &ImportBtf, name: &BtfName, scan: &Scan) -> Diagnostic {
    let text = sources.slice(name.name);
    let wanted = name.kind.map(|k| sources.slice(k));
    let what = match wanted {
        Some("type") | None => "type",
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
    if heads_of_forward(scan, text) {
        return d.note("only its name is declared there");
    }
    let mut known: Vec<&str> =
        heads().filter(|h| rank(h.kind, wanted).is_some()).filter_map(|h| scan.name(&h)).collect();
    known.sort_unstable();
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
    let number = |v: i64| if signed { i128::from(v) } else { i128::from(v.cast_unsigned()) };
    values.into_iter().map(|v| (v.name, number(v.value))).collect()
}
