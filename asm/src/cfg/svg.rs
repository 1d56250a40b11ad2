//! As a picture.

use std::fmt::Write;

use super::layout::{Layout, Point, Size, layout};
use super::{Cfg, LineKind, When};

/// A character of the font, and a line, in pixels; tenths for the width.
const CHARACTER: i64 = 73;
const LINE: i64 = 15;
/// Around the text of a box, and around the whole.
const PAD: i64 = 8;
const MARGIN: i64 = 20;
/// The room for a function's title.
const TITLE: i64 = 28;
/// Between functions.
const BETWEEN: i64 = 48;
/// Between calls that run side by side.
const LANE: i64 = 14;

const STYLE: &str = "text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}\
     .title{font-weight:bold}.label{font-weight:bold;fill:#0550ae}.source{fill:#6e7781}\
     rect{fill:#f6f8fa;stroke:#8c959f;rx:4}path{fill:none;stroke:#57606a;stroke-width:1.3}\
     .true{stroke:#1a7f37}.false{stroke:#cf222e}.next{stroke-dasharray:2 2}.call{stroke:#8250df;stroke-dasharray:6 4}\
     svg{background:#fff}";

/// A picture (SVG 1.1): the functions one below the other, each in layers from the top down.
///
/// Ways that are taken when a condition holds are green, those taken when it does not red; dotted ones just go on. A
/// dashed line leads from a call to the function.
#[must_use]
pub fn svg(cfgs: &[Cfg]) -> String {
    let layouts: Vec<(Layout, Vec<Size>)> = cfgs.iter().map(placed).collect();
    let mut tops = vec![];
    let mut y = MARGIN;
    for (layout, _) in &layouts {
        tops.push(y);
        y += TITLE + layout.height + BETWEEN;
    }
    let calls = calls(cfgs);
    let titles = cfgs.iter().map(|cfg| text_width(&cfg.title()));
    let widest = layouts.iter().map(|(layout, _)| layout.width).chain(titles).max().unwrap_or(0);
    let lanes = i64::try_from(calls.len()).unwrap_or(0) * LANE + if calls.is_empty() { 0 } else { LANE };
    let (width, height) = (widest + lanes + 2 * MARGIN, (y - BETWEEN + MARGIN).max(2 * MARGIN));
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <style>{STYLE}</style>\n<defs>"
    );
    for (name, colour) in
        [("plain", "#57606a"), ("true", "#1a7f37"), ("false", "#cf222e"), ("call", "#8250df")]
    {
        let _ = writeln!(
            out,
            "<marker id=\"{name}\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\">\
             <path d=\"M0 0 8 4 0 8z\" style=\"fill:{colour};stroke:none\"/></marker>"
        );
    }
    out.push_str("</defs>\n");
    for ((cfg, (layout, sizes)), top) in cfgs.iter().zip(&layouts).zip(&tops) {
        let _ = writeln!(
            out,
            "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n<g transform=\"translate({MARGIN} {})\">",
            top + LINE,
            escaped(&cfg.title()),
            top + TITLE
        );
        ways(&mut out, cfg, layout);
        boxes(&mut out, cfg, layout, sizes);
        out.push_str("</g>\n");
    }
    for (lane, (from, block, to)) in calls.iter().enumerate() {
        let ((layout, sizes), top) = (&layouts[*from], tops[*from] + TITLE);
        let (corner, size) = (layout.boxes[*block], sizes[*block]);
        let start = Point { x: MARGIN + corner.x + size.width, y: top + corner.y + size.height / 2 };
        let lane = MARGIN + widest + LANE * (i64::try_from(lane).unwrap_or(0) + 1);
        let end = Point { x: MARGIN + text_width(&cfgs[*to].title()) + PAD, y: tops[*to] + LINE - 4 };
        let _ = writeln!(
            out,
            "<path class=\"call\" marker-end=\"url(#call)\" d=\"M{} {} H{lane} V{} H{}\"><title>call</title></path>",
            start.x, start.y, end.y, end.x
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Which block of which function calls which.
fn calls(cfgs: &[Cfg]) -> Vec<(usize, usize, usize)> {
    let of = |(f, cfg): (usize, &Cfg)| {
        let blocks = cfg.blocks.iter().enumerate();
        blocks
            .flat_map(|(b, block)| block.calls.iter().map(move |to| (f, b, *to)).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    cfgs.iter().enumerate().flat_map(of).collect()
}

/// Where the blocks of a function stand, and how large they are.
fn placed(cfg: &Cfg) -> (Layout, Vec<Size>) {
    let size = |block: &super::Block| {
        let widest = block.lines.iter().map(|line| text_width(&line.text)).max().unwrap_or(0);
        let lines = i64::try_from(block.lines.len()).unwrap_or(0);
        Size { width: widest + 2 * PAD, height: lines * LINE + 2 * PAD }
    };
    let sizes: Vec<Size> = cfg.blocks.iter().map(size).collect();
    let edges =
        cfg.blocks.iter().enumerate().flat_map(|(from, block)| block.next.iter().map(move |e| (from, e.to)));
    (layout(&sizes, &edges.collect::<Vec<_>>()), sizes)
}

fn boxes(out: &mut String, cfg: &Cfg, layout: &Layout, sizes: &[Size]) {
    for ((block, corner), size) in cfg.blocks.iter().zip(&layout.boxes).zip(sizes) {
        let Size { width, height } = size;
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
            corner.x, corner.y
        );
        let mut y = corner.y + PAD - 3;
        for line in &block.lines {
            y += LINE;
            let class = match line.kind {
                LineKind::Label => " class=\"label\"",
                LineKind::Source => " class=\"source\"",
                LineKind::Insn => "",
            };
            let _ = writeln!(
                out,
                "<text{class} x=\"{}\" y=\"{y}\" xml:space=\"preserve\">{}</text>",
                corner.x + PAD,
                escaped(&line.text)
            );
        }
    }
}

fn ways(out: &mut String, cfg: &Cfg, layout: &Layout) {
    let edges = cfg.blocks.iter().flat_map(|block| &block.next);
    for (edge, points) in edges.zip(&layout.ways) {
        let (class, marker) = match edge.when {
            When::Jump => ("jump", "plain"),
            When::Next => ("next", "plain"),
            When::True => ("true", "true"),
            When::False => ("false", "false"),
        };
        let name = edge.when.name();
        let _ = writeln!(
            out,
            "<path class=\"{class}\" marker-end=\"url(#{marker})\" d=\"{}\"><title>{name}</title></path>",
            path(points)
        );
    }
}

/// A line through points: straight from one side to another, else in curves that leave and arrive upright.
fn path(points: &[Point]) -> String {
    let mut text = String::new();
    let Some((first, rest)) = points.split_first() else { return text };
    let _ = write!(text, "M{} {}", first.x, first.y);
    let mut last = first;
    for point in rest {
        let _ = match (point.x == last.x, point.y == last.y) {
            (true, _) => write!(text, " V{}", point.y),
            (_, true) => write!(text, " H{}", point.x),
            _ => {
                let middle = (last.y + point.y) / 2;
                write!(text, " C{} {middle} {} {middle} {} {}", last.x, point.x, point.x, point.y)
            }
        };
        last = point;
    }
    text
}

/// How wide a text is, in pixels.
fn text_width(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(0) * CHARACTER / 10
}

/// Text as XML has it; it knows no such character as U+FFFE and U+FFFF.
fn escaped(text: &str) -> String {
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
