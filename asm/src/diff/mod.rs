//! What differs between two objects, as a list from [`diff`]: by name and meaning, not by bytes.
//!
//! Maps, variables, externs and functions are found by their names; where a thing stands in its file does not matter.
//! Instructions are compared as what they do: a jump is the same where it leads to the same instruction, a reference
//! where it names the same thing. Source positions are not compared.

mod sequence;
mod types;

use std::collections::{HashMap, VecDeque};

use crate::btf::TypeId;
use crate::bytes::hex;
use crate::disasm::{self, InsnText, Names};
use crate::object::{Address, Data, Extern, Func, Linkage, Map, Object, Symbol, Var};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The thing, such as `map flows`; empty for the object as a whole.
    pub what: String,
    /// How it differs.
    pub how: How,
}

/// How a thing differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Only the first object has it.
    Removed,
    /// Only the second object has it.
    Added,
    /// A property of it has two values.
    Value {
        /// The property: `max_entries`, `license`.
        field: &'static str,
        /// Its value in the first object.
        left: String,
        /// Its value in the second object.
        right: String,
    },
    /// Its instructions differ.
    Code(Vec<Change>),
}

/// A run of instructions that one object has in place of the other's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Those of the first object.
    pub left: Vec<InsnText>,
    /// Those of the second object.
    pub right: Vec<InsnText>,
}

/// All differences between two objects: first of the whole, then of maps, data, externs, functions, types.
#[must_use]
pub fn diff(left: &Object, right: &Object) -> Vec<Difference> {
    let (a, b) = (Side::new(left), Side::new(right));
    let mut found = Found { found: vec![], left: &a, right: &b };
    found.value("", "byte order", &left.endian.name(), &right.endian.name());
    let license = |object: &Object| object.license.clone().unwrap_or_else(|| "none".into());
    found.value("", "license", &license(left), &license(right));
    let version = |object: &Object| object.version.map_or("none".into(), |v| v.to_string());
    found.value("", "version", &version(left), &version(right));
    found.each("map", &left.maps, &right.maps, |m| m.name.clone(), |found, what, a, b| found.map(what, a, b));
    found.each(
        "section",
        &left.data,
        &right.data,
        |d| d.name.clone(),
        |found, what, a, b| found.data(what, a, b),
    );
    found.each(
        "extern",
        &left.externs,
        &right.externs,
        |e| e.name.clone(),
        |found, what, a, b| found.external(what, a, b),
    );
    let code = |side: &Side| disasm::named_instructions(side.object, &side.names);
    let (left_code, right_code) = (code(&a), code(&b));
    let left_funcs: Vec<_> = left.funcs.iter().zip(&left_code).collect();
    let right_funcs: Vec<_> = right.funcs.iter().zip(&right_code).collect();
    let name = |(func, _): &(&Func, _)| format!("{} ({})", func.name, func.section);
    found.each("function", &left_funcs, &right_funcs, name, |found, what, (a, a_code), (b, b_code)| {
        found.func(what, a, b);
        let changes = changes(a_code, b_code);
        if !changes.is_empty() {
            found.push(what, How::Code(changes));
        }
    });
    let (left_types, right_types) = (types::named(&left.btf), types::named(&right.btf));
    let name = |(name, _): &(String, String)| name.clone();
    found.each("type", &left_types, &right_types, name, |found, what, (_, a), (_, b)| {
        found.value(what, "layout", a, b);
    });
    found.found
}

/// An object, and the names of what is in it.
struct Side<'a> {
    object: &'a Object,
    names: Names,
}

impl<'a> Side<'a> {
    fn new(object: &'a Object) -> Self {
        Self { object, names: Names::new(object) }
    }

    fn symbol(&self, symbol: Symbol) -> String {
        self.names.symbol(self.object, symbol)
    }

    /// What a map holds at first: `0: parse, 1: drop`.
    fn values(&self, map: &Map) -> String {
        let values = map.values.iter().map(|(index, symbol)| format!("{index}: {}", self.symbol(*symbol)));
        values.collect::<Vec<_>>().join(", ")
    }

    /// The addresses that stand in data or in a definition: `16: &limit`.
    fn refs(&self, refs: &[Address]) -> String {
        let one = |r: &Address| format!("{}: &{}", r.offset, self.symbol(r.to));
        refs.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn type_name(&self, ty: Option<TypeId>) -> String {
        ty.map_or("none".into(), |ty| types::name(&self.object.btf, ty))
    }
}

struct Found<'a> {
    found: Vec<Difference>,
    left: &'a Side<'a>,
    right: &'a Side<'a>,
}

impl Found<'_> {
    fn push(&mut self, what: &str, how: How) {
        self.found.push(Difference { what: what.into(), how });
    }

    fn value<T: PartialEq + ToString>(&mut self, what: &str, field: &'static str, left: &T, right: &T) {
        if left != right {
            self.push(what, How::Value { field, left: left.to_string(), right: right.to_string() });
        }
    }

    /// Things of one kind, by name.
    fn each<T>(
        &mut self,
        kind: &str,
        left: &[T],
        right: &[T],
        name: impl Fn(&T) -> String,
        both: impl Fn(&mut Self, &str, &T, &T),
    ) {
        for (what, a, b) in paired(left, right, &name, &name) {
            let what = format!("{kind} {what}");
            match (a, b) {
                (Some(a), Some(b)) => both(self, &what, a, b),
                (a, _) => self.push(&what, if a.is_some() { How::Removed } else { How::Added }),
            }
        }
    }

    fn map(&mut self, what: &str, a: &Map, b: &Map) {
        self.value(what, "type", &a.kind, &b.kind);
        self.value(what, "key_size", &a.key_size, &b.key_size);
        self.value(what, "value_size", &a.value_size, &b.value_size);
        self.value(what, "max_entries", &a.max_entries, &b.max_entries);
        self.value(what, "flags", &a.flags, &b.flags);
        self.value(what, "map_extra", &a.extra, &b.extra);
        let node = |map: &Map| map.numa_node.map_or("none".into(), |node| node.to_string());
        self.value(what, "numa_node", &node(a), &node(b));
        self.value(what, "pinned by name", &a.pin_by_name, &b.pin_by_name);
        let (left, right) = (self.left, self.right);
        self.value(what, "key type", &left.type_name(a.key), &right.type_name(b.key));
        self.value(what, "value type", &left.type_name(a.value), &right.type_name(b.value));
        self.value(what, "values", &left.values(a), &right.values(b));
        self.value(what, "addresses", &left.refs(&a.refs), &right.refs(&b.refs));
        let legacy = |map: &Map| map.legacy.as_ref().map_or("none".into(), |l| l.section.clone());
        self.value(what, "old section", &legacy(a), &legacy(b));
        let bytes = |map: &Map| hex(map.legacy.as_ref().map_or(&map.bytes, |legacy| &legacy.bytes));
        self.value(what, "bytes", &bytes(a), &bytes(b));
        self.binding(what, (a.linkage, a.weak, a.hidden), (b.linkage, b.weak, b.hidden));
        let inner = format!("{what}, inner map");
        match (&a.inner, &b.inner) {
            (Some(a), Some(b)) => self.map(&inner, a, b),
            (Some(_), None) => self.push(&inner, How::Removed),
            (None, Some(_)) => self.push(&inner, How::Added),
            (None, None) => {}
        }
    }

    fn binding(&mut self, what: &str, a: (Linkage, bool, bool), b: (Linkage, bool, bool)) {
        self.value(what, "global", &(a.0 == Linkage::Global), &(b.0 == Linkage::Global));
        self.value(what, "weak", &a.1, &b.1);
        self.value(what, "hidden", &a.2, &b.2);
    }

    fn data(&mut self, what: &str, a: &Data, b: &Data) {
        self.value(what, "size", &a.size(), &b.size());
        self.value(what, "alignment", &a.align, &b.align);
        let bytes = |data: &Data, at: usize, len: usize| {
            hex(data.bytes.get(at..(at + len).min(data.bytes.len())).unwrap_or_default())
        };
        let place = |v: &Var| (usize::try_from(v.offset).unwrap_or(0), usize::try_from(v.size).unwrap_or(0));
        for (name, v, w) in paired(&a.vars, &b.vars, |v| v.name.clone(), |v| v.name.clone()) {
            let what = format!("{what}, variable {name}");
            match (v, w) {
                (Some(v), Some(w)) => {
                    self.value(&what, "size", &v.size, &w.size);
                    self.value(&what, "type", &self.left.type_name(v.ty), &self.right.type_name(w.ty));
                    self.binding(&what, (v.linkage, v.weak, v.hidden), (w.linkage, w.weak, w.hidden));
                    let ((v, v_len), (w, w_len)) = (place(v), place(w));
                    self.value(&what, "first value", &bytes(a, v, v_len), &bytes(b, w, w_len));
                }
                (v, _) => self.push(&what, if v.is_some() { How::Removed } else { How::Added }),
            }
        }
        self.value(what, "bytes of no variable", &unnamed(a), &unnamed(b));
        self.value(what, "addresses", &self.left.refs(&a.refs), &self.right.refs(&b.refs));
    }

    fn external(&mut self, what: &str, a: &Extern, b: &Extern) {
        let kind = |e: &Extern| format!("{:?}", e.kind).to_lowercase();
        self.value(what, "kind", &kind(a), &kind(b));
        self.value(what, "weak", &a.weak, &b.weak);
        self.value(what, "hidden", &a.hidden, &b.hidden);
    }

    fn func(&mut self, what: &str, a: &Func, b: &Func) {
        let hook = |func: &Func| func.hook.clone().unwrap_or_else(|| "none".into());
        self.value(what, "hook", &hook(a), &hook(b));
        self.binding(what, (a.linkage, a.weak, a.hidden), (b.linkage, b.weak, b.hidden));
        self.value(what, "rest of a slot", &hex(&a.tail), &hex(&b.tail));
        let labels = |func: &Func| {
            func.labels.iter().map(|l| format!("{}@{}", l.name, l.offset)).collect::<Vec<_>>().join(", ")
        };
        self.value(what, "further symbols", &labels(a), &labels(b));
    }
}

/// The bytes that are no variable's: each run without the zeros at its end, which are padding.
fn unnamed(data: &Data) -> String {
    let (mut runs, mut at) = (vec![], 0);
    let end = Var { offset: u32::try_from(data.bytes.len()).unwrap_or(u32::MAX), ..Var::default() };
    for var in data.vars.iter().chain([&end]) {
        let start = usize::try_from(var.offset).unwrap_or(usize::MAX);
        let run = data.bytes.get(at..start).unwrap_or_default();
        let len = run.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if len > 0 {
            runs.push(hex(&run[..len]));
        }
        at = at.max(start.saturating_add(usize::try_from(var.size).unwrap_or(usize::MAX)));
    }
    runs.join(" … ")
}

/// Things of two objects by name, in the order of the first object; what only the second has comes last. Of several
/// with one name the first goes with the first.
fn paired<'a, T>(
    left: &'a [T],
    right: &'a [T],
    left_name: impl Fn(&T) -> String,
    right_name: impl Fn(&T) -> String,
) -> Vec<(String, Option<&'a T>, Option<&'a T>)> {
    let mut rest: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (i, thing) in right.iter().enumerate() {
        rest.entry(right_name(thing)).or_default().push_back(i);
    }
    let mut taken = vec![false; right.len()];
    let mut pairs = vec![];
    for thing in left {
        let name = left_name(thing);
        let other = rest.get_mut(&name).and_then(VecDeque::pop_front);
        if let Some(other) = other {
            taken[other] = true;
        }
        pairs.push((name, Some(thing), other.map(|i| &right[i])));
    }
    let added = right.iter().zip(taken).filter(|(_, taken)| !taken);
    pairs.extend(added.map(|(thing, _)| (right_name(thing), None, Some(thing))));
    pairs
}

/// The runs of instructions in which two functions differ.
fn changes(left: &[InsnText], right: &[InsnText]) -> Vec<Change> {
    let keys = |insns: &[InsnText]| {
        insns.iter().map(|i| (i.without_target().to_string(), i.records.clone())).collect::<Vec<_>>()
    };
    let mut pairs = sequence::common(&keys(left), &keys(right));
    // A jump is the same where it leads to the same instruction; behind the last one is the end.
    let index = |insns: &[InsnText], slot: usize| insns.partition_point(|i| i.slot < slot);
    let mut partner: Vec<Option<usize>> = vec![None; left.len() + 1];
    pairs.iter().for_each(|(a, b)| partner[*a] = Some(*b));
    partner[left.len()] = Some(right.len());
    let mut has_partner = vec![false; right.len() + 1];
    partner.iter().flatten().for_each(|b| has_partner[*b] = true);
    pairs.retain(|(a, b)| match (left[*a].target, right[*b].target) {
        (Some(x), Some(y)) => {
            let (x, y) = (index(left, x), index(right, y));
            // One that leads into what was changed is the same where what was changed begins.
            partner[x] == Some(y) || partner[x].is_none() && !has_partner[y]
        }
        (x, y) => x.is_none() && y.is_none(),
    });
    let mut changes = vec![];
    let (mut a, mut b) = (0, 0);
    for (i, j) in pairs.into_iter().chain([(left.len(), right.len())]) {
        if (a, b) != (i, j) {
            changes.push(Change { left: left[a..i].to_vec(), right: right[b..j].to_vec() });
        }
        (a, b) = (i + 1, j + 1);
    }
    changes
}
