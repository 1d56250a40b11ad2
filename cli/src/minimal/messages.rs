//! Messages on standard error, for people only.

use bpfasm_asm::diag::{Diagnostic, Sources};

use crate::out;

/// Whether messages are JSON.
pub fn is_json() -> bool {
    false
}

/// A message as JSON, which it never is here.
pub fn note(text: &str) -> String {
    text.to_string()
}

/// What is to be said about a place in source text, of which there is none here.
pub fn diagnostic(d: &Diagnostic, _: &Sources) {
    out::error_line(&format!("error[{}]: {}", d.code, d.message));
}

/// What made a run fail.
pub fn failure(message: &str, _: u8) {
    out::error_line(&format!("error: {message}"));
}
