//! Names as the kernel takes them (`bpf_obj_name_cpy()` in `kernel/bpf/syscall.c`).

use crate::sys::bpf::NAME_LEN;

/// The name for the kernel: letters, digits, `_` and `.`; anything else becomes `_`. It is cut at 15 bytes when
/// it is passed.
pub(crate) fn kernel_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '_' }).collect()
}

/// One line about all names that the kernel shows otherwise than they are.
pub(super) fn note<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let changed: Vec<String> = names
        .filter_map(|name| {
            let mut shown = kernel_name(name);
            shown.truncate(NAME_LEN - 1);
            (shown != name).then(|| format!("`{name}` as `{shown}`"))
        })
        .collect();
    let limit = NAME_LEN - 1;
    (!changed.is_empty())
        .then(|| format!("the kernel keeps {limit} characters of a name and shows {}", changed.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_when_they_change() {
        assert_eq!(note(["port_drop", "exactly_15_char"].into_iter()), None);
        assert_eq!(
            note(["a", "connections_by_port", "x::y"].into_iter()).unwrap(),
            "the kernel keeps 15 characters of a name and shows `connections_by_port` as `connections_by_`, \
             `x::y` as `x__y`"
        );
    }
}
