//! A diagnostic as people read it.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use super::{Diagnostic, FileId, Help, LONG, Severity, Sources, Span, boundary};

/// The renderer trims lines beyond the width; this is wide enough for any that a person reads.
const WIDE: usize = 1000;

/// Places that are further from each other are not shown together.
const MUCH: usize = 1 << 20;
/// How many bytes of a long line are shown before and behind the place.
const AROUND: usize = 100;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// With terminal colours.
    pub colour: bool,
    /// Width of the terminal in columns; `None`: as wide as it gets.
    pub width: Option<usize>,
}

/// Draws a diagnostic with its source, as rustc does; ends without a line end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    for file in files_of(diagnostic) {
        let labels = || diagnostic.secondary.iter().filter(|l| l.span.file == file);
        let primary = Some(&diagnostic.primary).filter(|l| l.span.file == file);
        let part = Part::new(sources, labels().chain(primary).map(|l| l.span));
        let mut snippet = part.snippet();
        for (label, kind) in primary
            .map(|l| (l, AnnotationKind::Primary))
            .into_iter()
            .chain(labels().map(|l| (l, AnnotationKind::Context)))
        {
            snippet = snippet.annotation(kind.span(part.range(label.span)).label(some(&label.text)));
        }
        if let Some(origin) = part.origin() {
            main = main.element(origin);
        }
        main = main.element(snippet);
    }
    for note in &diagnostic.notes {
        main = main.element(Level::NOTE.message(note.as_str()));
    }
    for help in diagnostic.help.iter().filter(|h| h.edits.is_empty()) {
        main = main.element(Level::HELP.message(help.message.as_str()));
    }

    let mut report = vec![main];
    for (span, name) in &diagnostic.expansion {
        let title = Level::NOTE.secondary_title(format!("in this use of `{name}`"));
        let part = Part::new(sources, [*span]);
        let place = AnnotationKind::Primary.span(part.range(*span));
        let mut group = Group::with_title(title);
        if let Some(origin) = part.origin() {
            group = group.element(origin);
        }
        report.push(group.element(part.snippet().annotation(place)));
    }
    report.extend(diagnostic.help.iter().filter(|h| !h.edits.is_empty()).map(|h| suggestion(h, sources)));

    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(WIDE));
    let text = renderer.render(&report);
    // What is drawn between the place and a text that is shown in part.
    let bare = |line: &str| line.trim_matches(|c: char| "\x1b[0123456789;m ".contains(c)) == ":::";
    if text.lines().any(bare) {
        return text.lines().filter(|line| !bare(line)).collect::<Vec<_>>().join("\n");
    }
    text
}

fn suggestion<'a>(help: &'a Help, sources: &'a Sources) -> Group<'a> {
    let part = Part::new(sources, help.edits.iter().map(|(span, _)| *span));
    let patches = help.edits.iter().map(|(span, text)| Patch::new(part.range(*span), text.as_str()));
    let snippet = part.snippet().patches(patches);
    Group::with_title(Level::HELP.secondary_title(help.message.as_str())).element(snippet)
}

/// The lines of a source text that are shown: from the first place to the last.
struct Part<'a> {
    name: &'a str,
    text: &'a str,
    start: usize,
    line: usize,
    /// Line and column, where the text begins within a long line.
    within: Option<(u32, u32)>,
}

impl<'a> Part<'a> {
    fn new(sources: &'a Sources, places: impl IntoIterator<Item = Span>) -> Self {
        let all = places.into_iter().reduce(|a, b| Span { start: a.start.min(b.start), ..a.to(b) });
        let all = all.unwrap_or_default();
        let source = sources.get(all.file);
        let (start, line, text) = source.lines(all.start..all.end);
        let whole = Self { name: &source.name, text, start, line, within: None };
        if text.len() <= MUCH && text.lines().all(|line| line.len() <= LONG) {
            return whole;
        }
        // What is around the place, and of the place its begin.
        let (from, to) = (all.start as usize - start, all.end as usize - start);
        let (from, to) =
            (boundary(text, from.saturating_sub(AROUND)), boundary(text, to.min(from + LONG) + AROUND));
        let above = text[..from].bytes().filter(|b| *b == b'\n').count();
        let within = Some(source.position(all.start));
        Self { text: &text[from..to], start: start + from, line: line + above, within, ..whole }
    }

    fn snippet<T: Clone>(&self) -> Snippet<'a, T> {
        let snippet = Snippet::source(self.text).line_start(self.line);
        if self.within.is_some() { snippet } else { snippet.path(self.name) }
    }

    /// The place, where the snippet cannot tell it.
    fn origin(&self) -> Option<Origin<'a>> {
        let (line, column) = self.within?;
        Some(Origin::path(self.name).line(line as usize).char_column(column as usize))
    }

    fn range(&self, span: Span) -> Range<usize> {
        let place = |offset: u32| (offset as usize).saturating_sub(self.start).min(self.text.len());
        place(span.start)..place(span.end)
    }
}

/// The files that a diagnostic shows, the one of its primary place first.
fn files_of(diagnostic: &Diagnostic) -> Vec<FileId> {
    let mut files = vec![diagnostic.primary.span.file];
    for label in &diagnostic.secondary {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
