//! A diagnostic as people read it.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::{Diagnostic, Help, Severity, Sources, Span};

/// The renderer trims lines beyond the width; this is wide enough for any that a person reads.
const WIDE: usize = 1000;

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
    for (i, file) in files_of(diagnostic).into_iter().enumerate() {
        let mut snippet = snippet(sources, file);
        if i == 0 {
            let primary = AnnotationKind::Primary.span(range(diagnostic.primary.span));
            snippet = snippet.annotation(primary.label(some(&diagnostic.primary.text)));
        }
        for other in diagnostic.secondary.iter().filter(|l| l.span.file == file.file) {
            let context = AnnotationKind::Context.span(range(other.span));
            snippet = snippet.annotation(context.label(some(&other.text)));
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
        let title = Level::NOTE.secondary_title(format!("in this use of `{name}!`"));
        let place = AnnotationKind::Primary.span(range(*span));
        report.push(Group::with_title(title).element(snippet(sources, *span).annotation(place)));
    }
    report.extend(diagnostic.help.iter().filter(|h| !h.edits.is_empty()).map(|h| suggestion(h, sources)));

    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(WIDE));
    renderer.render(&report)
}

fn suggestion<'a>(help: &'a Help, sources: &'a Sources) -> Group<'a> {
    let place = help.edits[0].0;
    let source = sources.get(place.file);
    let patches = help.edits.iter().map(|(span, text)| Patch::new(range(*span), text.as_str()));
    let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).patches(patches);
    Group::with_title(Level::HELP.secondary_title(help.message.as_str())).element(snippet)
}

fn snippet<'a, T: Clone>(sources: &'a Sources, span: Span) -> Snippet<'a, T> {
    let source = sources.get(span.file);
    Snippet::source(source.text.as_str()).path(source.name.as_str())
}

/// One place of each file that the diagnostic shows, the primary one first.
fn files_of(diagnostic: &Diagnostic) -> Vec<Span> {
    let mut files = vec![diagnostic.primary.span];
    for label in &diagnostic.secondary {
        if files.iter().all(|f| f.file != label.span.file) {
            files.push(label.span);
        }
    }
    files
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
