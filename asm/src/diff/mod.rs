//! What differs between two objects: by name and meaning, not by bytes.
//!
//! Maps, variables, externs and functions are found by their names; where a thing stands in its file does not matter.
//! Instructions are compared as what they do: a jump is the same where it leads to the same instruction, a reference
//! where it names the same thing.

mod sequence;
mod types;

use std::collections::{HashMap, VecDeque};

use crate::disasm::{self, InsnText};
use crate::object::{Data, Extern, Func, Map, Object, Var};

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
    let mut found = Found::default();
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
    let (left_code, right_code) = (disasm::instructions(left), disasm::instructions(right));
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
    found.0
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn push(&mut self, what: &str, how: How) {
        self.0.push(Difference { what: what.into(), how });
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
        self.value(what, "pinned by name", &a.pin_by_name, &b.pin_by_name);
        self.value(what, "values", &a.values.len(), &b.values.len());
        if let (Some(a), Some(b)) = (&a.inner, &b.inner) {
            self.map(&format!("{what}, inner map"), a, b);
        }
    }

    fn data(&mut self, what: &str, a: &Data, b: &Data) {
        self.value(what, "size", &a.size(), &b.size());
        self.value(what, "alignment", &a.align, &b.align);
        let bytes = |data: &Data, at: usize, len: usize| {
            let bytes = data.bytes.get(at..(at + len).min(data.bytes.len())).unwrap_or_default();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
        };
        let place = |v: &Var| (usize::try_from(v.offset).unwrap_or(0), usize::try_from(v.size).unwrap_or(0));
        for (name, v, w) in paired(&a.vars, &b.vars, |v| v.name.clone(), |v| v.name.clone()) {
            let what = format!("{what}, variable {name}");
            match (v, w) {
                (Some(v), Some(w)) => {
                    self.value(&what, "size", &v.size, &w.size);
                    let ((v, v_len), (w, w_len)) = (place(v), place(w));
                    self.value(&what, "first value", &bytes(a, v, v_len), &bytes(b, w, w_len));
                }
                (v, _) => self.push(&what, if v.is_some() { How::Removed } else { How::Added }),
            }
        }
        if a.vars.is_empty() && b.vars.is_empty() && a.bytes != b.bytes {
            self.value(what, "bytes", &bytes(a, 0, a.bytes.len()), &bytes(b, 0, b.bytes.len()));
        }
    }

    fn external(&mut self, what: &str, a: &Extern, b: &Extern) {
        let kind = |e: &Extern| format!("{:?}", e.kind).to_lowercase();
        self.value(what, "kind", &kind(a), &kind(b));
        self.value(what, "weak", &a.weak, &b.weak);
    }

    fn func(&mut self, what: &str, a: &Func, b: &Func) {
        let hook = |func: &Func| func.hook.clone().unwrap_or_else(|| "none".into());
        self.value(what, "hook", &hook(a), &hook(b));
        self.value(what, "global", &a.is_global(), &b.is_global());
    }
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
    let keys = |insns: &[InsnText]| insns.iter().map(|i| i.without_target().to_string()).collect::<Vec<_>>();
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
