//! Which source line instructions come from.

use crate::btf::Strings;
use crate::diag::{FileId, Sources, Span};
use crate::expand::PlainLine;
use crate::object::Line;

/// Source lines of the functions of an object, with their files and texts.
pub(super) struct Lines<'a> {
    sources: &'a Sources,
    files: Vec<Known>,
    texts: Strings,
    /// The place that came last in this function: its span, the number of its file here, and the index of its line.
    last: Option<(Span, u32, usize)>,
}

/// A file that lines name.
struct Known {
    id: Named,
    /// For each line its text's offset in the table, 0 until it is there.
    texts: Vec<u32>,
}

/// A source text, or a file that `@file` names, by its number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Source(FileId),
    Said(usize),
}

impl<'a> Lines<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, files: vec![], texts: Strings::default(), last: None }
    }

    /// Begins a function.
    pub(super) fn begin(&mut self) {
        self.last = None;
    }

    /// Notes the line of an instruction where it is another than before.
    pub(super) fn note(&mut self, span: Span, insn: usize, lines: &mut Vec<Line>) {
        let last = self.last.filter(|(last, ..)| last.file == span.file);
        // A use of a macro gives many.
        if last.is_some_and(|(last, ..)| last.start == span.start) {
            return;
        }
        let source = self.sources.get(span.file);
        let (file, near) = match last {
            Some((_, file, index)) => (file, index),
            None => (self.file(Named::Source(span.file)), 0),
        };
        let here = source.line(span.start, near);
        self.last = Some((span, file, here.index));
        let (line, column) = here.position(span.start);
        let text = &mut self.files[file as usize].texts[here.index];
        // BTF has no string with a NUL inside: such a line has no text.
        if *text == 0 {
            *text = self.texts.add(here.text()).unwrap_or(0);
        }
        // There are far fewer instructions than 2³².
        let (insn, text) = (u32::try_from(insn).unwrap_or(u32::MAX), *text);
        lines.push(Line { insn, file, line, column, text });
    }

    /// The lines of a function that says them itself.
    pub(super) fn said(&mut self, said: &[PlainLine], lines: &mut Vec<Line>) {
        for PlainLine { insn, file, line, column, text } in said {
            // Its text has been looked at, and has no NUL.
            let text = self.texts.add(text).unwrap_or(0);
            let insn = u32::try_from(*insn).unwrap_or(u32::MAX);
            let (line, column, file) = (*line, *column, self.file(Named::Said(*file)));
            lines.push(Line { insn, file, line, column, text });
        }
    }

    fn file(&mut self, id: Named) -> u32 {
        let known = self.files.iter().position(|file| file.id == id);
        let number = known.unwrap_or(self.files.len());
        if known.is_none() {
            let lines = match id {
                Named::Source(id) => self.sources.get(id).line_count(),
                Named::Said(_) => 0,
            };
            self.files.push(Known { id, texts: vec![0; lines] });
        }
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    /// The names of the files, and the texts.
    pub(super) fn finish(self, said: &[String]) -> (Vec<String>, Strings) {
        let name = |file: &Known| match file.id {
            Named::Source(id) => self.sources.get(id).file_name().to_string(),
            Named::Said(number) => said[number].clone(),
        };
        (self.files.iter().map(name).collect(), self.texts)
    }
}
