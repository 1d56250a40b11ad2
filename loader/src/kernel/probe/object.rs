//! What an object asks of this kernel, thing by thing: a load tells only the first that is not there.

use std::collections::{BTreeMap, BTreeSet};

use bpfasm_asm::isa::{Form, Syntax};
use bpfasm_asm::object::{Object, Symbol};
use bpfasm_asm::uapi::{HelperId, ProgType, section};

use super::{FeatureOf, Probe, Verdict};
use crate::load::core::Core;
use crate::load::privileges::{Refused, diagnose};

/// Something that a program asks for and does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// `hook`, `helper`, `instructions` or `relocation`.
    pub kind: &'static str,
    /// Which.
    pub name: String,
    /// Why not, and what to do.
    pub why: String,
}

impl Probe<'_, '_> {
    /// What a program with the functions that it calls asks for and does not get here. It may be accepted all the
    /// same, where the verifier does not come to it.
    pub fn lacks(&mut self, object: &Object, program: &str) -> Vec<Lack> {
        let Some((index, func)) = object.programs().find(|(_, func)| func.name == program) else {
            return vec![];
        };
        let funcs = reached(object, index);
        let mut lacks = vec![];
        let hook = section::parse(&func.section).and_then(|section| self.hook(section.def));
        if let Some(hook) = &hook
            && hook.verdict != Verdict::Supported
        {
            let why = refusal(hook.verdict, hook.def.prog_type);
            lacks.push(Lack { kind: "hook", name: hook.def.name.to_owned(), why });
        }
        let hook = hook.filter(|hook| hook.takes_programs());
        let mut helpers = BTreeSet::new();
        let mut features: BTreeMap<&str, Vec<&Form>> = BTreeMap::new();
        for insn in funcs.iter().flat_map(|func| object.funcs[*func].insns.iter()) {
            let Some(form) = insn.form() else { continue };
            if form.syntax == Syntax::CallHelper && insn.imm > 0 {
                helpers.insert(HelperId(insn.imm.cast_unsigned()));
            }
            if let Some(feature) = form.feature() {
                let forms = features.entry(feature.name).or_default();
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
        if let Some(hook) = &hook {
            for helper in helpers {
                if !self.may_call(hook, helper) {
                    let why = format!("this kernel has none that programs of {} may call", hook.def.name);
                    lacks.push(Lack { kind: "helper", name: helper.to_string(), why });
                }
            }
            for (name, forms) in features {
                let verdict = self.feature(hook, &forms);
                let since = forms.iter().filter_map(|form| form.since).max().unwrap_or_default();
                if verdict != Verdict::Supported {
                    let why = format!("this kernel does not take them; Linux {}.{} does", since.0, since.1);
                    lacks.push(Lack { kind: "instructions", name: name.to_owned(), why });
                }
            }
        }
        if let Ok(core) = Core::seek(object, &funcs, self.types) {
            for func in &funcs {
                let poisoned = core.patches(*func).iter().filter(|patch| patch.is_poisoned());
                lacks.extend(
                    poisoned.filter_map(|patch| core.why(*func, patch.insn)).map(|(name, why)| Lack {
                        kind: "relocation",
                        name,
                        why,
                    }),
                );
            }
        }
        lacks.dedup();
        lacks
    }
}

/// A function and all that it refers to, however far.
fn reached(object: &Object, program: usize) -> Vec<usize> {
    let mut funcs = vec![program];
    let mut next = 0;
    while let Some(func) = funcs.get(next).and_then(|func| object.funcs.get(*func)) {
        next += 1;
        for r in &func.refs {
            if let Symbol::Func(to) = r.to
                && !funcs.contains(&to)
                && to < object.funcs.len()
            {
                funcs.push(to);
            }
        }
    }
    funcs
}

/// Why a hook is not to be had.
fn refusal(verdict: Verdict, kind: ProgType) -> String {
    match verdict {
        Verdict::Denied(_) => diagnose(Refused::Prog(kind)).to_string(),
        Verdict::Unsupported(_) => "this kernel has no such hook".to_owned(),
        Verdict::Supported | Verdict::Unknown(_) => "this kernel does not say whether it has it".to_owned(),
    }
}
