//! Functions: labels where jumps land, one line for each instruction.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::decl::{binding, renamed};
use super::names::{Names, beside, quoted, word};
use crate::bytes::hex;
use crate::dump;
use crate::elf::{CALL, PSEUDO_CALL};
use crate::isa::{self, Insn, Syntax};
use crate::object::{CoreRelo, Func, Label, Linkage, Object, Symbol, TEXT};
use crate::uapi::HelperId;

pub(super) fn func(out: &mut String, object: &Object, names: &Names, index: usize, func: &Func) {
    let name = &names.funcs[index];
    let as_symbol = renamed(name, &func.name);
    out.push('\n');
    if func.section == TEXT {
        out.push_str(&binding(func.linkage, Linkage::Static, func.weak, func.hidden));
        let _ = write!(out, "func {}{as_symbol}", name.text);
    } else {
        out.push_str(&binding(func.linkage, Linkage::Global, func.weak, func.hidden));
        let _ = write!(out, "prog {}{as_symbol}: {}", name.text, quoted(&func.section));
        if let Some(hook) = &func.hook {
            let _ = write!(out, " at {}", quoted(hook));
        }
    }
    out.push_str(&names.described(func));
    out.push_str(if func.apart { " apart" } else { "" });
    let places = Places::new(func);
    out.push_str(if places.is_checked(func) { "" } else { " unchecked" });
    out.push_str(" {\n");
    for label in &func.labels {
        let _ = writeln!(out, "    {}", alias(label));
    }
    body(out, object, names, func, &places);
    if !func.tail.is_empty() {
        let _ = writeln!(out, "    {}", raw(&func.tail));
    }
    out.push_str("}\n");
}

/// A further symbol of a function. Nothing names it, so it needs no name of its own.
pub(crate) fn alias(label: &Label) -> String {
    let words = binding(label.linkage, Linkage::Static, label.weak, label.hidden);
    let mut text = match word(&label.name) {
        // These would be words about the symbol.
        Some(name) if matches!(&*name, "static" | "global" | "weak" | "hidden") => {
            format!("alias {words}`{name}`")
        }
        Some(name) => format!("alias {words}{name}"),
        None => format!("alias {words}alias as {}", quoted(&label.name)),
    };
    if label.offset != 0 {
        let _ = write!(text, " at {}", label.offset);
    }
    if label.size != 0 {
        let _ = write!(text, " size {}", label.size);
    }
    text
}

/// Bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> String {
    format!("raw {}", hex(bytes))
}

/// Where the slots of instructions are, and which of them jumps land at.
struct Places {
    /// The slot of each instruction, and behind the last one the end.
    slots: Vec<usize>,
    /// The slots with labels.
    labels: BTreeSet<usize>,
}

impl Places {
    fn new(func: &Func) -> Self {
        let mut slots = Vec::with_capacity(func.insns.len() + 1);
        let mut slot = 0;
        for insn in func.insns.iter() {
            slots.push(slot);
            slot += insn.slots();
        }
        slots.push(slot);
        let mut places = Self { slots, labels: BTreeSet::new() };
        for (i, insn) in func.insns.iter().enumerate() {
            if let Some(target) = places.target(i, &insn) {
                places.labels.insert(target);
            }
        }
        places
    }

    /// Whether control stays in the function as far as a reader of the text can tell.
    fn is_checked(&self, func: &Func) -> bool {
        let mut refs = func.refs.iter().peekable();
        let stays = |(i, insn): (usize, Insn)| {
            let syntax = insn.form().map(|form| form.syntax);
            let refers =
                std::iter::from_fn(|| refs.next_if(|r| r.insn <= i)).last().is_some_and(|r| r.insn == i);
            match syntax {
                _ if insn.code == CALL && insn.src == PSEUDO_CALL => refers,
                Some(syntax) if syntax.distance(&insn).is_some() => {
                    self.target(i, &insn).is_some_and(|slot| Some(&slot) != self.slots.last())
                }
                _ => true,
            }
        };
        func.tail.is_empty()
            && func.insns.iter().last().is_some_and(|insn| insn.ends())
            && func.insns.iter().enumerate().all(stays)
    }

    /// The slot that an instruction jumps to, if an instruction begins there.
    fn target(&self, index: usize, insn: &Insn) -> Option<usize> {
        let distance = insn.form()?.syntax.distance(insn)?;
        let target = self.slots[index].checked_add(1)?.checked_add_signed(distance.try_into().ok()?)?;
        self.slots.binary_search(&target).ok().map(|_| target)
    }
}

fn body(out: &mut String, object: &Object, names: &Names, func: &Func, places: &Places) {
    let mut lines = func.lines.iter().peekable();
    let mut refs = func.refs.iter().peekable();
    let mut file = None;
    let exact = |relos: Vec<&CoreRelo>, insn: &Insn| {
        if let [relo] = relos[..]
            && is_text(insn)
            && let Some(value) = super::core::text(&object.btf, names, relo, insn)
        {
            return (Some(value), vec![]);
        }
        (None, relos.into_iter().map(record).collect())
    };
    for (i, insn) in instructions(object, names, func, places, true, exact).enumerate() {
        label(out, places, insn.slot);
        while let Some(line) = lines.next_if(|line| line.insn as usize == i) {
            if file != Some(line.file) {
                file = Some(line.file);
                let _ = writeln!(out, "    @file {}", quoted(&object.files[line.file as usize]));
            }
            let text = object.texts.get(line.text).unwrap_or_default();
            let _ = writeln!(out, "    @line {}:{} {}", line.line, line.column, quoted(&text));
        }
        for record in &insn.records {
            let _ = writeln!(out, "    {record}");
        }
        while let Some(r) = refs.next_if(|r| r.insn == i) {
            // Bytes name nothing by themselves.
            if r.reloc.is_some() || insn.text.starts_with("raw ") {
                let _ = writeln!(out, "    {}", names.reloc(object, r.reloc.as_deref(), r.to));
            }
        }
        let _ = writeln!(out, "    {}", insn.text);
    }
    label(out, places, places.slots[func.insns.len()]);
}

/// An instruction as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsnText {
    /// The slot of 8 bytes that it begins at, from the start of the function.
    pub slot: usize,
    /// The slot that it jumps to, whose label `.lSLOT` ends the text.
    pub target: Option<usize>,
    /// The text, without blanks around it.
    pub text: String,
    /// What of the running kernel's types it depends on, if the text does not say it: `core(task_struct.pid)`.
    pub records: Vec<String>,
}

impl InsnText {
    /// The text without the label that it jumps to.
    #[must_use]
    pub fn without_target(&self) -> &str {
        let label = self.target.map(|slot| format!(".l{slot}"));
        label.and_then(|label| self.text.strip_suffix(&label)).unwrap_or(&self.text)
    }
}

/// The instructions of a function with their values as they are, and in words what these depend on.
pub(super) fn shown(object: &Object, names: &Names, func: &Func) -> Vec<InsnText> {
    let words = |relos: Vec<&CoreRelo>, _: &Insn| {
        (None, relos.into_iter().map(|relo| dump::core::text(&object.btf, relo)).collect())
    };
    instructions(object, names, func, &Places::new(func), false, words).collect()
}

/// Where `literal`, what has a relocation of its own is as it stands in the file: it names nothing.
fn instructions<'a>(
    object: &'a Object,
    names: &'a Names,
    func: &'a Func,
    places: &'a Places,
    literal: bool,
    told: impl Fn(Vec<&CoreRelo>, &Insn) -> (Option<String>, Vec<String>) + 'a,
) -> impl Iterator<Item = InsnText> + 'a {
    let mut refs = func.refs.iter().peekable();
    let mut core = func.core.iter().peekable();
    func.insns.iter().enumerate().map(move |(i, insn)| {
        let mut relos = vec![];
        while let Some(relo) = core.next_if(|relo| relo.insn == i) {
            relos.push(relo);
        }
        let (value, records) = told(relos, &insn);
        let mut to = None;
        while let Some(r) = refs.next_if(|r| r.insn == i) {
            to = to.or(Some(r.to).filter(|_| !literal || r.reloc.is_none()));
        }
        let target = places.target(i, &insn);
        let goes = target.map(|slot| format!(".l{slot}"));
        let text = line(object, names, &insn, to, goes.as_deref(), value.as_deref());
        InsnText { slot: places.slots[i], target, text, records }
    })
}

fn label(out: &mut String, places: &Places, slot: usize) {
    if places.labels.contains(&slot) {
        let _ = writeln!(out, ".l{slot}:");
    }
}

/// `@relo #12 "0:3" field_byte_offset`.
fn record(relo: &CoreRelo) -> String {
    format!("@relo #{} {} {}", relo.ty.0, quoted(&relo.access), relo.kind.0)
}

/// Whether the text of an instruction says all of it. About a changed frame pointer there would be something to say.
fn is_text(insn: &Insn) -> bool {
    insn.text_is_exact() && !writes_frame_pointer(insn)
}

fn writes_frame_pointer(insn: &Insn) -> bool {
    insn.form().is_some_and(|form| form.syntax.written(insn) == Some(10))
}

/// One instruction: with the names of what it refers to, or as its bytes where no text would give just these.
fn line(
    object: &Object,
    names: &Names,
    insn: &Insn,
    to: Option<Symbol>,
    target: Option<&str>,
    core: Option<&str>,
) -> String {
    let syntax = insn.form().map(|form| form.syntax);
    let distance = syntax.and_then(|syntax| syntax.distance(insn)).map(|distance| format!("{distance:+}"));
    let symbol = match to {
        Some(to @ Symbol::Extern(_)) if insn.hi.is_some() && insn.imm != 0 => {
            Some(beside(names.symbol(object, to), insn.imm.into()))
        }
        Some(to) => Some(names.symbol(object, to)),
        None => callee(insn),
    };
    if symbol.is_none() && !is_text(insn) || writes_frame_pointer(insn) {
        return raw(&Insn::encode_all(&[*insn], object.endian));
    }
    let target = target.or(distance.as_deref());
    insn.display(isa::Names { target, symbol: symbol.as_deref(), core, endian: object.endian }).to_string()
}

/// What a call without a reference is of: a number alone is that of a helper.
fn callee(insn: &Insn) -> Option<String> {
    match insn.form()?.syntax {
        Syntax::CallHelper => Some(HelperId(u32::try_from(insn.imm).ok()?).name()?.to_string()),
        Syntax::CallKfunc if insn.off == 0 => Some(format!("kfunc {}", insn.imm)),
        Syntax::CallLocal => Some(format!("pc{:+}", insn.imm)),
        _ => None,
    }
}
