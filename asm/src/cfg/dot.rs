//! For Graphviz.

use std::fmt::Write;

use super::{Cfg, When};

/// A `digraph` in the language of Graphviz: a cluster for each function, a box for each block.
#[must_use]
pub fn dot(cfgs: &[Cfg]) -> String {
    let mut out = String::from(
        "digraph {\n    node [shape=box, fontname=\"monospace\", fontsize=10]\n    edge [fontname=\"monospace\", fontsize=10]\n",
    );
    for (f, cfg) in cfgs.iter().enumerate() {
        let _ = writeln!(out, "    subgraph cluster_{f} {{\n        label=\"{}\"", quoted(&cfg.title()));
        for (b, block) in cfg.blocks.iter().enumerate() {
            let lines: String = block.lines.iter().map(|line| format!("{}\\l", quoted(&line.text))).collect();
            let _ = writeln!(out, "        f{f}b{b} [label=\"{lines}\"]");
        }
        for (b, block) in cfg.blocks.iter().enumerate() {
            for edge in &block.next {
                let look = match edge.when {
                    When::Jump => "",
                    When::Next => " [style=dotted]",
                    When::True => " [label=\"true\", color=\"darkgreen\"]",
                    When::False => " [label=\"false\", color=\"firebrick\"]",
                };
                let _ = writeln!(out, "        f{f}b{b} -> f{f}b{}{look}", edge.to);
            }
        }
        out.push_str("    }\n");
    }
    for (f, cfg) in cfgs.iter().enumerate() {
        for (b, block) in cfg.blocks.iter().enumerate() {
            for called in block.calls.iter().filter(|called| !cfgs[**called].blocks.is_empty()) {
                let _ = writeln!(
                    out,
                    "    f{f}b{b} -> f{called}b0 [label=\"call\", style=dashed, color=\"gray40\", constraint=false]"
                );
            }
        }
    }
    out.push_str("}\n");
    out
}

/// Text within quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
