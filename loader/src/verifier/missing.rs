//! Calls of what the kernel does not have, told by name.
//!
//! A weak function that is missing may still be called where the program never gets to. The call is loaded as one of a
//! helper that no kernel has, so that only a program that does get there is refused; its log names that number.

use bpfasm_asm::object::Object;

/// The first of these numbers, that of the first extern.
const FIRST: i32 = 2_002_000_000;
/// What the kernel calls a helper that it does not know.
const UNKNOWN: &str = "unknown#";
/// What it says of the call.
const INVALID: &str = "invalid func ";

/// The helper that is called in the place of an extern, by its index.
pub(crate) fn helper(index: usize) -> Option<i32> {
    FIRST.checked_add(index.try_into().ok()?)
}

/// A log with the names of these externs in the place of their numbers.
pub(super) fn named(object: &Object, log: String) -> String {
    if !log.contains(UNKNOWN) {
        return log;
    }
    let mut named = String::with_capacity(log.len());
    let mut rest = log.as_str();
    while let Some((before, after)) = rest.split_once(UNKNOWN) {
        let end = after.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
        let index = after[..end].parse::<i32>().ok().and_then(|number| number.checked_sub(FIRST));
        let index = index.and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| object.externs.get(index)) {
            Some(ext) => match before.strip_suffix(INVALID) {
                Some(before) => named.extend([before, "this kernel has no function ", &ext.name]),
                None => named.extend([before, &ext.name]),
            },
            None => named.extend([before, UNKNOWN, &after[..end]]),
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
        assert_eq!(named(&object, log), wanted);
        assert_eq!(named(&object, format!("unknown#{}", helper(2).unwrap())), "unknown#2002000002");
        assert_eq!(helper(usize::MAX), None);
    }
}
