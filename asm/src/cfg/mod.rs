//! Control flow of functions: [`cfgs`] gives their blocks as text and which follows which; [`svg()`] and [`dot()`] draw
//! them.

mod dot;
mod layout;
mod svg;

use std::collections::HashMap;

use crate::dump::words::{reference, seen, source};
use crate::dump::{Item, items};
use crate::flow::{Flow, Graph, flow};
use crate::object::{Func, Object, Symbol};

pub use dot::dot;
pub use svg::svg;

/// The blocks of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cfg {
    /// Its name.
    pub name: String,
    /// Its section.
    pub section: String,
    /// The blocks, in their order in the function; control enters at the first.
    pub blocks: Vec<Block>,
}

/// A run of instructions that control enters at the first and leaves at the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The slot of its first instruction.
    pub slot: usize,
    /// Its lines.
    pub lines: Vec<BlockLine>,
    /// The blocks that may follow.
    pub next: Vec<Edge>,
    /// The functions that it calls, or hands on the address of: indices of the list that was asked for.
    pub calls: Vec<usize>,
}

/// A line of a block's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockLine {
    /// What it is.
    pub kind: LineKind,
    /// The text.
    pub text: String,
}

/// What a line of a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// The label that jumps to the block name.
    Label,
    /// A source line, from which the instructions below it come.
    Source,
    /// An instruction.
    Insn,
}

/// A way from one block to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The block.
    pub to: usize,
    /// When it is taken.
    pub when: When,
}

/// When a way is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// Always: a jump.
    Jump,
    /// Always: nothing stands in between.
    Next,
    /// When the condition holds.
    True,
    /// When the condition does not hold.
    False,
}

impl When {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            When::Jump => "jump",
            When::Next => "next",
            When::True => "true",
            When::False => "false",
        }
    }
}

/// The control flow of these functions of an object, with source lines if they are wanted.
#[must_use]
pub fn cfgs(object: &Object, funcs: &[&Func], source_lines: bool) -> Vec<Cfg> {
    let wanted: HashMap<*const Func, usize> =
        funcs.iter().enumerate().map(|(at, func)| (std::ptr::from_ref(*func), at)).collect();
    let all = object.funcs.iter().enumerate();
    let numbers =
        all.filter_map(|(index, func)| Some((index, *wanted.get(&std::ptr::from_ref(func))?))).collect();
    let one = |func: &&Func| Cfg {
        name: func.name.clone(),
        section: func.section.clone(),
        blocks: blocks(object, func, &numbers, source_lines),
    };
    funcs.iter().map(one).collect()
}

fn blocks(object: &Object, func: &Func, numbers: &HashMap<usize, usize>, source_lines: bool) -> Vec<Block> {
    let all: Vec<Item> = items(object, func).collect();
    if all.is_empty() {
        return vec![];
    }
    let jump = |(at, item): (usize, &Item)| {
        // A computed jump leads nowhere that could be drawn, and what is no instruction to the next one.
        let flow = item.insn.form().map_or(Flow::On, |_| match item.insn.code {
            0x0d => Flow::End,
            _ => flow(&item.insn).unwrap_or(Flow::On),
        });
        (flow != Flow::On).then(|| (at, flow, item.target.and_then(|slot| func.insns.at_slot(slot))))
    };
    let graph = Graph::new(all.len(), all.iter().enumerate().filter_map(jump));
    let mut is_target = vec![false; all.len()];
    let targets = all.iter().filter_map(|item| func.insns.at_slot(item.target?));
    targets.for_each(|at| is_target[at] = true);
    let mut last = None;
    let block = |number: usize| {
        let range = graph.insns(number);
        let end = &all[range.end - 1];
        let branches = item_branches(end);
        let [after, target] = graph.leaves(number);
        let edge = |to: Option<usize>, when| to.map(|to| Edge { to, when });
        let next = match branches {
            true => [edge(target, When::True), edge(after, When::False)],
            false => [edge(target, When::Jump), edge(after, When::Next)],
        };
        let mut block = Block {
            slot: all[range.start].slot,
            lines: vec![],
            next: next.into_iter().flatten().collect(),
            calls: vec![],
        };
        if is_target[range.start] {
            block.push(LineKind::Label, format!(".l{}:", block.slot));
        }
        for item in &all[range] {
            let line = item.line.filter(|line| source_lines && last != Some((line.file, line.line)));
            if let Some(line) = line {
                last = Some((line.file, line.line));
                let mut text = String::from("; ");
                let _ = source(&mut text, object, line);
                block.push(LineKind::Source, text);
            }
            block.push(LineKind::Insn, insn(item));
            if let Some(Symbol::Func(called)) = item.to
                && let Some(called) = numbers.get(&called)
                && !block.calls.contains(called)
            {
                block.calls.push(*called);
            }
        }
        block
    };
    (0..graph.len()).map(block).collect()
}

/// Whether control leaves an instruction in two ways.
fn item_branches(item: &Item) -> bool {
    item.insn.form().is_some() && flow(&item.insn) == Some(Flow::Branch)
}

/// `12: r1 = drops ll  ; map, array`.
fn insn(item: &Item) -> String {
    let mut text = format!("{:>4}: {item}", item.slot);
    if item.has_reference() {
        text.push_str("  ; ");
        let _ = reference(&mut text, item);
    }
    text
}

impl Block {
    fn push(&mut self, kind: LineKind, text: String) {
        /// So many characters of a line are shown.
        const LONGEST: usize = 100;
        let text = seen(&text);
        let text = match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.into_owned(),
        };
        self.lines.push(BlockLine { kind, text });
    }
}

impl Cfg {
    /// What stands above it.
    fn title(&self) -> String {
        let name = if self.name.is_empty() { "(no name)" } else { &self.name };
        format!("section {}: {}", seen(&self.section), seen(name))
    }
}
