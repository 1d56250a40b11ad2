//! `--dry-run` and `--explain`: the system calls of a command, in words.

use std::cell::RefCell;
use std::rc::Rc;

use bpfasm_loader::calls::{Step, watch};
use bpfasm_loader::sys::seam::{Outcome, Value, Watching};
use serde_json::json;

use crate::args::CallArgs;
use crate::fail::Failure;
use crate::out;

/// The calls of this command, where they are asked for.
pub struct Calls {
    /// Whether none is made.
    pub dry: bool,
    json: bool,
    steps: Rc<RefCell<Vec<Step>>>,
    watching: Option<Watching>,
}

impl Calls {
    /// From here on the calls are told.
    pub fn begin(args: &CallArgs, json: bool) -> Calls {
        let steps = Rc::new(RefCell::new(vec![]));
        let (dry, kept) = (args.dry_run, Rc::clone(&steps));
        let watching = (dry || args.explain).then(|| {
            watch(dry, move |step| {
                if !dry && !json {
                    let us = step.took.unwrap_or_default().as_secs_f64() * 1e6;
                    out::error_line(&format!("{us:>8.0} us  {step}"));
                }
                kept.borrow_mut().push(step);
            })
        });
        Calls { dry, json, steps, watching }
    }

    /// Adds the calls to what is printed about the command as JSON.
    pub fn describe(&self, document: &mut serde_json::Value) {
        if self.watching.is_some() {
            document["calls"] = self.steps.borrow().iter().map(describe).collect();
        }
    }

    /// Prints the calls, where nothing else did or will.
    pub fn end(self, result: Result<(), Failure>) -> Result<(), Failure> {
        if self.watching.is_some() && (self.dry || (self.json && result.is_err())) {
            if self.json {
                let mut document = json!({});
                self.describe(&mut document);
                out::line(document)?;
            } else {
                self.steps.borrow().iter().try_for_each(out::line)?;
            }
        }
        result
    }
}

fn describe(step: &Step) -> serde_json::Value {
    let fields = step.call.fields.0.iter().map(|(name, value)| {
        let value = match value {
            Value::Number(n) | Value::Hex(n) => json!(n),
            Value::Signed(n) => json!(n),
            Value::Fd(fd) => json!(fd),
            Value::Name(text) | Value::Text(text) => json!(text),
            Value::Bytes(bytes) => json!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        };
        ((*name).to_owned(), value)
    });
    let (fd, errno, text) = match &step.outcome {
        Outcome::Done => (None, None, None),
        Outcome::Fd(fd) => (Some(fd), None, None),
        Outcome::Failed(errno, text) => (None, Some(format!("{errno:?}")), text.as_ref()),
    };
    json!({
        "call": step.call.name,
        "fields": fields.collect::<serde_json::Map<_, _>>(),
        "made": step.took.is_some(),
        "fd": fd,
        "errno": errno,
        "text": text,
        "ns": step.took.map(|took| u64::try_from(took.as_nanos()).unwrap_or(u64::MAX)),
    })
}
