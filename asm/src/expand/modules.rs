//! A file and what it imports.

use std::collections::{HashMap, HashSet};

use super::library;
use crate::assemble::Options;
use crate::diag::{Diagnostic, Diagnostics, FileId, Sources, Span, code, nearest};
use crate::lang::ast::{File, Item, ItemKind};
use crate::lang::parser::{parse, parse_define};

/// Parses a file and, once each, the modules and files that it imports, directly or not; and what the command line
/// sets.
#[must_use]
pub fn load(
    sources: &mut Sources,
    root: FileId,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Vec<(FileId, File)> {
    let files = vec![(root, parse(sources, root, diagnostics))];
    let known = HashMap::from([(options.files.identity(&sources.get(root).name), 0)]);
    let mut loader = Loader { sources, options, files, imports: vec![], known, diagnostics };
    let mut next = 0;
    while next < loader.files.len() {
        let imports = loader.files[next].1.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Import(name) => Some(*name),
            _ => None,
        });
        for span in imports.collect::<Vec<Span>>() {
            loader.import(next, span);
        }
        next += 1;
    }
    loader.check_cycles();
    for define in options.defines {
        let file = loader.sources.add("-D", define.as_str());
        let parsed = parse_define(loader.sources, file, loader.diagnostics);
        loader.files.push((file, parsed));
    }
    loader.files
}

struct Loader<'a> {
    sources: &'a mut Sources,
    options: &'a Options<'a>,
    files: Vec<(FileId, File)>,
    /// Which file imports which, by index, and where.
    imports: Vec<(usize, usize, Span)>,
    /// Files by their identity.
    known: HashMap<String, usize>,
    diagnostics: &'a mut Diagnostics,
}

impl Loader<'_> {
    fn import(&mut self, from: usize, span: Span) {
        let name = self.sources.slice(span).trim_matches('"').to_string();
        if is_file(&name) {
            return self.import_file(from, span, &name);
        }
        let module = format!("<{name}>");
        let known = self.files.iter().any(|(file, _)| {
            let source = self.sources.get(*file);
            source.is_library() && source.name == module
        });
        match library::module(&name) {
            Some(_) if known => {}
            Some(text) => {
                let file = self.sources.add_library(&name, text);
                self.files.push((file, parse(self.sources, file, self.diagnostics)));
            }
            None => self.fail(from, no_module(&name, span)),
        }
    }

    /// Reports an import of which nothing comes.
    fn fail(&mut self, from: usize, diagnostic: Diagnostic) {
        let span = diagnostic.primary.span;
        self.files[from].1.items.push(Item { span, kind: ItemKind::NotImported });
        self.diagnostics.push(diagnostic);
    }

    fn import_file(&mut self, from: usize, span: Span, name: &str) {
        let importer = &self.sources.get(self.files[from].0).name;
        let read =
            self.options.files.read(importer, name).and_then(|(path, bytes)| {
                match String::from_utf8(bytes) {
                    Ok(text) if u32::try_from(text.len()).is_ok() => Ok((path, text)),
                    Ok(_) => Err(format!("{path}: a source file is smaller than 4 GiB")),
                    Err(e) => {
                        Err(format!("{path} is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
                    }
                }
            });
        let (path, text) = match read {
            Ok(file) => file,
            Err(why) => {
                let d = Diagnostic::error(code::IMPORT, format!("`{name}` cannot be imported"), span);
                return self.fail(from, d.note(why));
            }
        };
        let identity = self.options.files.identity(&path);
        if let Some(known) = self.known.get(&identity) {
            return self.imports.push((from, *known, span));
        }
        self.known.insert(identity, self.files.len());
        let file = self.sources.add(path, text);
        let parsed = parse(self.sources, file, self.diagnostics);
        if parsed.items.iter().any(|item| matches!(&item.kind, ItemKind::Func(func) if func.bare)) {
            let d = Diagnostic::error(code::IMPORT, format!("`{name}` holds bare instructions"), span);
            return self.fail(from, d.note("what is imported are declarations"));
        }
        self.imports.push((from, self.files.len(), span));
        self.files.push((file, parsed));
    }

    /// Reports files that import each other.
    fn check_cycles(&mut self) {
        // What imports nothing that is left is in no cycle.
        let (mut imported, mut importers) = (vec![0usize; self.files.len()], vec![vec![]; self.files.len()]);
        for (from, to, _) in &self.imports {
            imported[*from] += 1;
            importers[*to].push(*from);
        }
        let mut done: Vec<usize> = (0..imported.len()).filter(|file| imported[*file] == 0).collect();
        while let Some(file) = done.pop() {
            for importer in std::mem::take(&mut importers[file]) {
                imported[importer] -= 1;
                if imported[importer] == 0 {
                    done.push(importer);
                }
            }
        }
        // The first import of each file that leads to another one of these.
        let mut left: HashMap<usize, (usize, usize, Span)> = HashMap::new();
        for import in self.imports.iter().filter(|(from, to, _)| imported[*from] > 0 && imported[*to] > 0) {
            left.entry(import.0).or_insert(*import);
        }
        let Some(&start) = left.keys().min() else { return };
        // Each of these leads to another one, so a way along them comes back at last.
        let mut way: Vec<(usize, usize, Span)> = vec![];
        let mut seen = HashSet::new();
        let mut at = start;
        while seen.insert(at) {
            let Some(import) = left.get(&at) else { return };
            way.push(*import);
            at = import.1;
        }
        way.retain({
            let mut within = false;
            move |import| {
                within |= import.0 == at;
                within
            }
        });
        let Some(((.., last), others)) = way.split_last() else { return };
        let name = |file: usize| self.sources.get(self.files[file].0).name.as_str();
        let mut d = Diagnostic::error(code::CYCLE, format!("`{}` imports itself", name(at)), *last);
        for (_, to, span) in others {
            d = d.also(*span, format!("by way of `{}`", name(*to)));
        }
        self.diagnostics.push(d);
    }
}

/// Whether an import names a file, and not a module of the library.
pub(super) fn is_file(name: &str) -> bool {
    name.contains(['.', '/'])
}

fn no_module(name: &str, span: Span) -> Diagnostic {
    let d = Diagnostic::error(code::IMPORT, format!("the library has no module `{name}`"), span);
    match nearest(name, library::modules()) {
        Some(near) => d.suggest(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
        None => d
            .note(format!("its modules are: {}", library::modules().collect::<Vec<_>>().join(", ")))
            .help(format!("a file is named with its ending: `import \"{name}.bpfasm\"`")),
    }
}
