//! The instruction set: each feature is tried with a program of all its instructions.

use super::{Hook, Probe, Tried, Verdict, bytes, ends, insn};
use bpfasm_asm::isa::{AluOp, Cpu, FORMS, Form, Insn, Rhs, Size, Syntax, Width};
use bpfasm_asm::sort::Sort;

/// The first version; what it takes every kernel takes.
const FIRST: (u8, u8) = (3, 18);

/// Instructions that came into the kernel together.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// A short name.
    pub name: &'static str,
    /// The level of the instruction set that they belong to.
    pub cpu: Cpu,
    /// The first Linux version that takes them.
    pub since: (u8, u8),
}

/// The feature that an instruction is of, if it is one of its own.
pub trait FeatureOf {
    /// It; nothing for instructions that every kernel takes, or none, and for those whose operands decide.
    fn feature(&self) -> Option<Feature>;
}

impl FeatureOf for Form {
    fn feature(&self) -> Option<Feature> {
        let name = match self.syntax {
            Syntax::If(_, Width::W64, _) => "unsigned less-than and signed less-than jumps",
            Syntax::If(_, Width::W32, _) => "32-bit jumps",
            Syntax::Lock(..) | Syntax::Fetch(..) | Syntax::Xchg(_) | Syntax::CmpXchg(_) => {
                "atomic operations"
            }
            Syntax::Alu(AluOp::SDiv | AluOp::SMod, ..) => "signed division",
            Syntax::MovSx(..) => "sign-extending moves",
            Syntax::Load(_, true) => "sign-extending loads",
            Syntax::Swap(..) => "bswap",
            Syntax::Gotol => "gotol",
            Syntax::MayGoto => "may_goto",
            Syntax::LoadAcquire(_) => "load_acquire",
            Syntax::StoreRelease(_) => "store_release",
            Syntax::Gotox => "gotox",
            _ => return None,
        };
        let since = self.since.filter(|since| *since > FIRST)?;
        Some(Feature { name, cpu: self.cpu, since })
    }
}

/// The highest level whose features are all there, of those that came with Linux up to 6.6; later ones are no level of
/// any compiler.
#[must_use]
pub fn level(features: &[(Feature, Verdict)]) -> Option<Cpu> {
    const LEVELS: (u8, u8) = (6, 6);
    let all = [Cpu::V1, Cpu::V2, Cpu::V3, Cpu::V4];
    let has = |cpu: &Cpu| {
        let own = features.iter().filter(|(feature, _)| feature.cpu == *cpu && feature.since <= LEVELS);
        own.into_iter().all(|(_, verdict)| *verdict == Verdict::Supported)
    };
    all.into_iter().take_while(has).last().filter(|_| features.iter().any(|(_, v)| *v == Verdict::Supported))
}

impl Probe<'_, '_> {
    /// The features of the instruction set, oldest first.
    pub fn features(&mut self, hooks: &[Hook]) -> Vec<(Feature, Verdict)> {
        let mut found: Vec<(Feature, Vec<&Form>)> = vec![];
        for form in FORMS {
            let Some(feature) = form.feature() else { continue };
            match found.iter_mut().find(|(known, _)| known.name == feature.name) {
                Some((_, forms)) => forms.push(form),
                None => found.push((feature, vec![form])),
            }
        }
        found.order_by_key(|(feature, _)| feature.since);
        let any = hooks.iter().find(|hook| hook.takes_programs());
        let refused = hooks.iter().map(|hook| hook.verdict).reduce(Verdict::or).unwrap_or(super::CANNOT_ASK);
        let try_all = |(feature, forms): (Feature, Vec<&Form>)| {
            (feature, any.map_or(refused, |hook| self.feature(hook, &forms)))
        };
        found.into_iter().map(try_all).collect()
    }

    pub(super) fn feature(&mut self, hook: &Hook, forms: &[&Form]) -> Verdict {
        let prog = bytes(program(forms).chain(ends(1)));
        match self.load(&hook.prog(&prog)) {
            Tried::Loaded(_) => Verdict::Supported,
            Tried::Refused(errno) => Verdict::of(errno),
            // It jumps where no table says; a kernel that lacks it stumbles over the opcode.
            Tried::Rejected(_, said)
                if forms.iter().any(|form| form.syntax == Syntax::Gotox)
                    && !said.contains("unknown opcode") =>
            {
                Verdict::Supported
            }
            Tried::Rejected(errno, _) => Verdict::Unsupported(errno),
        }
    }
}

/// All the instructions, one after the other, between registers 0, 2 and 3 and eight bytes of the stack.
fn program(forms: &[&Form]) -> impl Iterator<Item = Insn> {
    const MOVE: Syntax = Syntax::Alu(AluOp::Mov, Width::W64, Rhs::Imm);
    const STORE: Syntax = Syntax::Store(Size::DW, Rhs::Imm);
    let begin = [insn(MOVE, 0, 0, 0, 1), insn(MOVE, 2, 0, 0, 1), insn(STORE, 10, 0, -8, 1)];
    let each = forms.iter().map(|form| match form.syntax {
        Syntax::Load(..) | Syntax::LoadAcquire(_) => form.insn(3, 10, -8, 0),
        Syntax::Lock(..)
        | Syntax::Fetch(..)
        | Syntax::Xchg(_)
        | Syntax::CmpXchg(_)
        | Syntax::StoreRelease(_) => form.insn(10, 2, -8, 0),
        Syntax::If(..) | Syntax::Gotol => form.insn(2, 2, 0, 0),
        // The first kernels that had it refused a distance of 0.
        Syntax::MayGoto => form.insn(0, 0, 1, 0),
        _ => form.insn(2, 2, 0, 1),
    });
    begin.into_iter().chain(each).flatten().collect::<Vec<_>>().into_iter()
}
