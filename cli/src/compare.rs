//! What got worse since an earlier `verify --json`.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::fail::{Code, Failure};
use crate::file::read_bytes;

/// What must not grow: the field, and what it is called.
const COUNTS: [(&str, &str); 4] = [
    ("insns", "instructions"),
    ("insns_processed", "instructions processed"),
    ("states_total", "states"),
    ("states_peak", "peak states"),
];

/// Reads what was printed then.
pub fn read(file: &Path) -> Result<Value, Failure> {
    let (name, bytes) = read_bytes(file)?;
    let wrong = |what: &str| Failure::new(Code::Input, format!("{name}: {what}"));
    let document: Value = serde_json::from_slice(&bytes).map_err(|e| wrong(&e.to_string()))?;
    if document["programs"].is_array() {
        Ok(document)
    } else {
        Err(wrong("this is not what `bpfasm verify --json` prints"))
    }
}

/// What is worse in `new` than it was: programs that are gone or no longer accepted, and numbers that grew.
pub fn regressions(old: &Value, new: &[Value]) -> Vec<String> {
    let key = |row: &Value| (row["file"].to_string(), row["program"].to_string());
    let new: HashMap<_, &Value> = new.iter().map(|row| (key(row), row)).collect();
    let mut worse = vec![];
    for before in old["programs"].as_array().into_iter().flatten() {
        let text = |field: &str| before[field].as_str().unwrap_or("-").to_owned();
        let name = format!("{}: {}", text("file"), text("program"));
        let Some(now) = new.get(&key(before)) else {
            worse.push(format!("{name}: it is gone"));
            continue;
        };
        if before["verdict"] != now["verdict"] && now["verdict"] != "accepted" {
            let (was, is) = (text("verdict"), now["verdict"].as_str().unwrap_or("-"));
            worse.push(format!("{name}: it was {was} and is {is}"));
            continue;
        }
        for (field, what) in COUNTS {
            if let (Some(was), Some(is)) = (before[field].as_u64(), now[field].as_u64())
                && is > was
            {
                worse.push(format!("{name}: {was} {what} became {is}"));
            }
        }
    }
    worse
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(program: &str, verdict: &str, processed: u64) -> Value {
        json!({ "file": "a.o", "program": program, "verdict": verdict, "insns_processed": processed })
    }

    #[test]
    fn only_what_is_worse_is_told() {
        let old = json!({ "programs": [
            row("same", "accepted", 5), row("grew", "accepted", 5), row("shrank", "accepted", 5),
            row("broke", "accepted", 5), row("mended", "rejected", 5), row("gone", "accepted", 5),
        ] });
        let new = [
            row("same", "accepted", 5),
            row("grew", "accepted", 7),
            row("shrank", "accepted", 3),
            row("broke", "rejected", 9),
            row("mended", "accepted", 5),
            row("new", "rejected", 1),
        ];
        assert_eq!(
            regressions(&old, &new),
            [
                "a.o: grew: 5 instructions processed became 7",
                "a.o: broke: it was accepted and is rejected",
                "a.o: gone: it is gone",
            ]
        );
    }
}
