//! The system calls of a load, one by one: told while they are made, or told instead of being made.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::sys::seam::{self, Call, Outcome, Verdict, Watch, Watching};

/// A call and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The call.
    pub call: Call,
    /// How it ended; of a dry run, how it would if the kernel took everything.
    pub outcome: Outcome,
    /// How long it took; nothing where it was not made.
    pub took: Option<Duration>,
}

/// Passes each call of this thread on as long as what it gives lives. In a `dry` run none is made that changes
/// something, and no message is sent: the answer is that of a kernel that takes everything, with descriptors of nothing
/// that have the numbers that the kernel would give. What only looks at files, and at objects that are in the kernel
/// already, is made.
pub fn watch(dry: bool, tell: impl FnMut(Step) + 'static) -> Watching {
    seam::watch(Rc::new(RefCell::new(Teller { dry, tell })))
}

struct Teller<F> {
    dry: bool,
    tell: F,
}

impl<F: FnMut(Step)> Watch for Teller<F> {
    fn before(&mut self, _: &Call) -> Verdict {
        if self.dry { Verdict::StandIn } else { Verdict::Make }
    }

    fn after(&mut self, call: Call, outcome: Outcome, took: Duration) {
        let took = (!self.dry || call.asks).then_some(took);
        (self.tell)(Step { call, outcome, took });
    }
}

impl fmt::Display for Step {
    /// `bpf(BPF_MAP_CREATE)  map_type=array key_size=4 value_size=8 max_entries=1 = fd 4`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28}", self.call.name)?;
        for (name, value) in &self.call.fields.0 {
            write!(f, " {name}={value}")?;
        }
        write!(f, " = {}", self.outcome)
    }
}
