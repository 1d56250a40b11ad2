//! Functions of a file: which bytes of its code belong to which symbol.

use std::cmp::Reverse;
use std::collections::HashSet;

use goblin::elf::sym::STT_FUNC;

use super::file::{File, Section, Symbol as ElfSymbol};
use super::kind::SectionKind;
use super::read::Index;
use super::{CALL, Error, PSEUDO_CALL};
use crate::isa::{Code, Insn, SLOT};
use crate::object::{Anchor, Func, Label, Object};
use crate::sort::Sort;

/// A symbol that stands for a stretch of code.
#[derive(Debug)]
struct Stretch {
    start: u64,
    end: u64,
    /// Its number.
    symbol: usize,
}

/// All functions with their instructions, in the order of sections and then of places.
pub(super) fn read(file: &mut File, object: &mut Object, index: &mut Index) -> Result<(), Error> {
    let by_section = file.by_section();
    let mut known: HashSet<String> = HashSet::new();
    for (number, symbols) in by_section.iter().enumerate() {
        if file.sections[number].kind != SectionKind::Code {
            continue;
        }
        let first = object.funcs.len();
        section(file, number, symbols, object, index)?;
        if let Some(func) = object.funcs.get_mut(first) {
            func.apart = !known.insert(func.section.clone());
        }
        for symbol in symbols.iter().filter(|s| file.symbols[**s].is_section()) {
            if first < object.funcs.len() {
                index.anchors[*symbol] = Anchor::Code(first);
            }
        }
    }
    Ok(())
}

fn section(
    file: &mut File,
    number: usize,
    symbols: &[usize],
    object: &mut Object,
    index: &mut Index,
) -> Result<(), Error> {
    let section = &file.sections[number];
    let size = section.size;
    let (stretches, mut places) = stretches(file, section, symbols, &index.used);
    let wrong = |what| Error::Section { section: section.name.clone().into_owned(), what };
    let u32_of = |n: u64| u32::try_from(n).map_err(|_| wrong("it is longer than 4 GiB"));
    let first = object.funcs.len();
    // Where the functions begin and end.
    let mut parts: Vec<(u64, u64, Option<usize>)> = vec![];
    let mut end = 0;
    for s in stretches {
        if s.start < end || s.start % 8 != 0 || (s.start == size && size > 0) {
            places.push(s);
            continue;
        }
        if s.start > end {
            parts.push((end, s.start, None));
        }
        end = s.end.next_multiple_of(8).min(size).max(s.start);
        parts.push((s.start, end, Some(s.symbol)));
    }
    if end < size {
        parts.push((end, size, None));
    }
    let mut budget = file.budget;
    for (start, end, symbol) in parts {
        budget = budget.checked_sub(section.name.len()).ok_or_else(|| wrong("its name is far too long"))?;
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        let bytes = range
            .and_then(|(a, b)| section.bytes.get(a..b))
            .ok_or_else(|| wrong("it lies outside the file"))?;
        let (whole, tail) = bytes.split_at(bytes.len() / SLOT * SLOT);
        index.places.push((number, start));
        index.funcs.entry((number, start)).or_insert(object.funcs.len());
        let mut func = Func {
            section: section.name.clone().into_owned(),
            insns: Code::decode(whole, file.endian).map_err(|_| wrong("it holds no whole instructions"))?,
            tail: tail.to_vec(),
            ..Func::default()
        };
        if let Some(number) = symbol {
            let symbol = &file.symbols[number];
            func.name = symbol.name.clone().into_owned();
            (func.linkage, func.weak, func.hidden) = (symbol.linkage, symbol.weak, symbol.hidden);
            index.anchors[number] = Anchor::Func(object.funcs.len());
        }
        object.funcs.push(func);
    }
    // Symbols within. Those of one place: as a file has them, in which static ones come first.
    places.order_by_key(|s| (s.start, file.symbols[s.symbol].linkage, s.symbol));
    for s in places {
        let after = index.places[first..].partition_point(|(_, start)| *start <= s.start);
        let Some(at) = (first + after).checked_sub(1).filter(|at| *at >= first) else { continue };
        let symbol = &file.symbols[s.symbol];
        let func = &mut object.funcs[at];
        index.anchors[s.symbol] = Anchor::Label(at, func.labels.len());
        func.labels.push(Label {
            name: symbol.name.clone().into_owned(),
            offset: u32_of(s.start - index.places[at].1)?,
            size: u32_of(s.end - s.start)?,
            linkage: symbol.linkage,
            weak: symbol.weak,
            hidden: symbol.hidden,
        });
    }
    file.budget = budget;
    Ok(())
}

/// The symbols that begin functions, in the order of their places, and the others.
fn stretches(
    file: &File,
    section: &Section,
    symbols: &[usize],
    used: &[bool],
) -> (Vec<Stretch>, Vec<Stretch>) {
    let symbol = |s: &usize| &file.symbols[*s];
    let inside = |s: &&usize| {
        let s = symbol(s);
        s.value <= section.size && s.is_named()
    };
    let called = called(file, section, symbols);
    let nobody = !symbols.iter().any(|s| symbol(s).kind == STT_FUNC || symbol(s).is_global());
    let begins = |s: &ElfSymbol| match s.kind {
        STT_FUNC => true,
        // Whatever has a size is written as a function.
        _ if s.size > 0 => true,
        // Of whatever kind, it is written without one.
        _ => s.is_global() || called.contains(&s.value) || (nobody && s.value == 0),
    };
    let (starts, others): (Vec<usize>, Vec<usize>) =
        symbols.iter().filter(inside).partition(|s| begins(symbol(s)));
    let mut at: Vec<u64> = starts.iter().map(|s| symbol(s).value).collect();
    at.order();
    let mut stretches: Vec<Stretch> = starts
        .iter()
        .map(|number| {
            let s = symbol(number);
            let next = at.get(at.partition_point(|at| *at <= s.value)).copied().unwrap_or(section.size);
            let end = match s.size {
                0 => next,
                size => s.value.saturating_add(size).min(section.size),
            };
            Stretch { start: s.value, end, symbol: *number }
        })
        .collect();
    // The longest is the function, the others are names of it.
    stretches.order_by_key(|s| {
        let symbol = &file.symbols[s.symbol];
        (s.start, Reverse(s.end), symbol.kind != STT_FUNC, !symbol.is_global(), symbol.weak, s.symbol)
    });
    // What a compiler names for itself is nothing, unless a relocation names it.
    let others = others.iter().filter(|s| used[**s] || !is_local_label(&symbol(s).name));
    let places = others.map(|s| {
        let start = symbol(s).value;
        Stretch { start, end: start.saturating_add(symbol(s).size).min(section.size), symbol: *s }
    });
    (stretches, places.collect())
}

/// The labels of compilers: `LBB0_1`, and those that begin with `.L`.
fn is_local_label(name: &str) -> bool {
    let numbers = |rest: &str| {
        rest.split_once('_').is_some_and(|(a, b)| {
            [a, b].iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
    };
    name.starts_with(".L") || name.strip_prefix("LBB").is_some_and(numbers)
}

/// The places that calls go to and where a symbol stands; only asked where symbols have no type.
fn called(file: &File, section: &Section, symbols: &[usize]) -> HashSet<u64> {
    let plain: HashSet<u64> = symbols
        .iter()
        .map(|s| &file.symbols[*s])
        .filter(|s| s.kind != STT_FUNC && !s.is_global())
        .map(|s| s.value)
        .collect();
    let mut called = HashSet::new();
    if plain.is_empty() {
        return called;
    }
    for (slot, bytes) in (0u64..).zip(section.bytes.chunks_exact(SLOT)) {
        // Most are no calls.
        let call = Some(bytes).filter(|bytes| bytes[0] == CALL);
        let Some((insn, _)) = call.and_then(|bytes| Insn::decode(bytes, file.endian)) else { continue };
        if insn.src == PSEUDO_CALL && insn.imm != -1 {
            let to =
                slot.checked_add(1).and_then(|next| next.checked_add_signed(insn.imm.into())?.checked_mul(8));
            called.extend(to.filter(|to| plain.contains(to)));
        }
    }
    called
}
