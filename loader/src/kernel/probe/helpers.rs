//! Helpers: which program may call which.

use super::{Hook, Probe, Tried, Verdict};
use bpfasm_asm::isa::{Form, Syntax};
use bpfasm_asm::uapi::{HelperId, ProgType};

/// What the verifier says of a helper that the program may not call: that it has no such number, that the type of
/// program does not have it (before Linux 6.13, and from then on), that it wants another kind of program.
const REFUSALS: [&str; 5] = [
    "invalid func ",
    "unknown func ",
    "program of this type cannot use helper ",
    "helper call might sleep in a non-sleepable prog",
    "helper call is not allowed in probe",
];

/// The helpers that programs of a type may call.
#[derive(Debug, Clone)]
pub struct Helpers {
    /// The type of program.
    pub kind: ProgType,
    /// Whether they could be asked for.
    pub verdict: Verdict,
    /// Those that a program of the type may call at one hook at least, by number.
    pub allowed: Vec<HelperId>,
}

impl Probe<'_, '_> {
    /// The helpers of each type of program.
    pub fn helpers(&mut self, hooks: &[Hook]) -> Vec<Helpers> {
        let mut all: Vec<HelperId> = HelperId::all().collect();
        let works = |hook: &&Hook| hook.takes_programs();
        if let Some(any) = hooks.iter().find(works) {
            let known =
                all.partition_point(|id| !self.call(any, *id).is_some_and(|said| said.contains(REFUSALS[0])));
            all.truncate(known);
        }
        let of = |(kind, verdict): (ProgType, Verdict)| {
            let own: Vec<&Hook> =
                hooks.iter().filter(works).filter(|hook| hook.def.prog_type == kind).collect();
            let verdict =
                if own.is_empty() && verdict == Verdict::Supported { super::CANNOT_ASK } else { verdict };
            let may = |id: &HelperId| own.iter().any(|hook| self.may_call(hook, *id));
            let allowed = all.iter().copied().filter(may).collect();
            Helpers { kind, verdict, allowed }
        };
        Probe::prog_types(hooks).into_iter().map(of).collect()
    }

    /// Whether programs at this hook may call a helper.
    pub fn may_call(&mut self, hook: &Hook, id: HelperId) -> bool {
        self.call(hook, id).is_none_or(|said| !REFUSALS.iter().any(|refusal| said.contains(refusal)))
    }

    /// What the verifier says of a program that calls a helper without arguments; nothing where it takes it.
    fn call(&mut self, hook: &Hook, id: HelperId) -> Option<String> {
        let call = Form::of(Syntax::CallHelper).and_then(|form| form.insn(0, 0, 0, id.0.into()));
        let insns = super::bytes(call.into_iter().chain(super::ends(1)));
        match self.load(&hook.prog(&insns)) {
            Tried::Loaded(_) => None,
            Tried::Rejected(_, said) => Some(said),
            Tried::Refused(_) => Some(REFUSALS[1].to_owned()),
        }
    }
}
