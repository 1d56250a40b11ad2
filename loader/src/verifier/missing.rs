//! What the kernel does not have, told by name.
//!
//! A weak function that is missing may still be called where the program never gets to, and a value of its types may be
//! asked for there. In the place of such an instruction stands a call of a helper that no kernel has, so that only a
//! program that does get there is refused; its log names that number.

use bpfasm_asm::fit::POISON;
use bpfasm_asm::object::Object;

/// The first of these numbers, that of the first extern.
const FIRST: i32 = 2_002_000_000;
/// What the kernel calls a helper that it does not know.
const UNKNOWN: &str = "unknown#";
/// What stands before that in an instruction.
const CALL: &str = "call ";
/// What it says of the call.
const INVALID: &str = "invalid func ";

/// The helper that is called in the place of an extern, by its index.
pub(crate) fn helper(index: usize) -> Option<i32> {
    FIRST.checked_add(index.try_into().ok()?)
}

/// A log with the names of these externs in the place of their numbers, and what an instruction asks for and why that
/// is not there, by its slot.
pub(super) fn named(object: &Object, why: &dyn Fn(usize) -> Option<(String, String)>, log: String) -> String {
    if !log.contains(UNKNOWN) {
        return log;
    }
    let mut named = String::with_capacity(log.len());
    let mut rest = log.as_str();
    let mut slot = None;
    while let Some((before, after)) = rest.split_once(UNKNOWN) {
        let end = after.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
        let number = after[..end].parse::<i32>().ok();
        let index = number.and_then(|number| usize::try_from(number.checked_sub(FIRST)?).ok());
        // The instruction that the line begins with; what is said of it follows.
        let line = before.rsplit('\n').next().and_then(|line| line.split(':').next()?.trim().parse().ok());
        slot = line.or(slot);
        let value = slot.filter(|_| number == Some(POISON.imm)).and_then(why);
        match (index.and_then(|index| object.externs.get(index)), value) {
            (Some(ext), _) => match before.strip_suffix(INVALID) {
                Some(before) => named.extend([before, "this kernel has no function ", &ext.name]),
                None => named.extend([before, &ext.name]),
            },
            (None, Some((what, why))) => match before.strip_suffix(INVALID) {
                Some(before) => named.extend([before, &what, ": ", &why]),
                None => named.extend([before.strip_suffix(CALL).unwrap_or(before), &what]),
            },
            (None, None) => named.extend([before, UNKNOWN, &after[..end]]),
        }
        rest = &after[end..];
    }
    named + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use bpfasm_asm::object::Extern;

    #[test]
    fn numbers_of_missing_functions_become_names() {
        let externs = ["first", "second"].map(|name| Extern { name: name.into(), ..Extern::default() });
        let object = Object { externs: externs.into(), ..Object::default() };
        let log = format!(
            "7: (85) call unknown#{}\ninvalid func unknown#{}\n8: (85) call unknown#195896080\nunknown#",
            helper(1).unwrap(),
            helper(1).unwrap()
        );
        let wanted = "7: (85) call second\nthis kernel has no function second\n8: (85) call unknown#195896080\nunknown#";
        let none = |_| None;
        assert_eq!(named(&object, &none, log), wanted);
        assert_eq!(named(&object, &none, format!("unknown#{}", helper(2).unwrap())), "unknown#2002000002");
        assert_eq!(helper(usize::MAX), None);
    }

    #[test]
    fn values_that_are_missing_are_told_with_the_reason() {
        let why = |slot| (slot == 12).then(|| ("core(task.pids)".to_string(), "no such field".to_string()));
        let poison = POISON.imm;
        let log = format!(
            "12: (85) call unknown#{poison}\ninvalid func unknown#{poison}\n13: (85) call unknown#{poison}"
        );
        let wanted = format!(
            "12: (85) core(task.pids)\ncore(task.pids): no such field\n13: (85) call unknown#{poison}"
        );
        assert_eq!(named(&Object::default(), &why, log), wanted);
    }
}
