use proptest::prelude::*;

use super::*;
use crate::btf::tests::types;
use crate::btf::{Member, Type, TypeId};
use crate::diag::{FileId, Sources, Style, render};

fn read(text: &str) -> Btf {
    let (btf, diagnostics) = parse(text, FileId(0), 0);
    assert!(diagnostics.is_empty(), "{diagnostics:?} in\n{text}");
    btf
}

proptest! {
    #[test]
    fn parsing_reverses_printing(mut btf in types(), cut in 0usize..16) {
        // Numbers that nothing has any more.
        btf.types.truncate(cut);
        let text = print(&btf);
        prop_assert_eq!(&read(&text), &btf);
        let block = format!("{text}// a }} in a comment\n}} '}}'");
        prop_assert_eq!(end(&block), Some(text.len() + 20));
    }

    #[test]
    fn any_text_gives_types_or_diagnostics(
        btf in types(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), ".|[0-9=' \\[\\]\\\\\n]"), 1..6),
    ) {
        let mut text: Vec<char> = print(&btf).chars().collect();
        for (at, new) in edits {
            if !text.is_empty() {
                let at = at.index(text.len());
                text.splice(at..=at, new.chars());
            }
        }
        let text: String = text.into_iter().collect();
        let mut sources = Sources::default();
        let file = sources.add("x", &text);
        let (btf, diagnostics) = parse(&text, file, 0);
        for d in &diagnostics {
            prop_assert!(render(d, &sources, Style::default()).contains("x:"));
        }
        // What can be read can be printed, and is the same again.
        prop_assert_eq!(read(&print(&btf)), btf);
        let _ = end(&text);
    }
}

/// All that is more than bpftool says, in one text.
#[test]
fn nothing_is_lost() {
    let text = "\
[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=5
[2] STRUCT 'a\\'b\\\\\\x0a\\xc2\\x85é' size=4 vlen=1 kind_flag=1
\t'\\x28anon)' type_id=1 bits_offset=0
[3] STRUCT '(anon)' size=4 vlen=1
\t'(anon)' type_id=99 bits_offset=3 bitfield_size=5
[4] FUNC 'f' type_id=0 linkage=7
[5] VAR 'v' type_id=1, linkage=4294967295
[6] DATASEC '.data' size=8 vlen=2
\ttype_id=5 offset=0 size=4 (VAR 'v')
\ttype_id=99 offset=4 size=4
[7] DECL_TAG 't' type_id=3 component_idx=-1 kind_flag=1
[8] TYPE_TAG 't' type_id=3 kind_flag=1
[9] ENUM '(anon)' encoding=SIGNED size=4 vlen=1
\t'x' val=-2147483648
[10] ENUM64 '(anon)' encoding=SIGNED size=8 vlen=1
\t'x' val=-1LL
[11] ENUM64 '(anon)' encoding=UNSIGNED size=8 vlen=1
\t'x' val=18446744073709551615ULL
[12] FWD 'u' fwd_kind=union
";
    let btf = read(text);
    assert_eq!(print(&btf), text);
    assert_eq!(btf.types[1].name, "a'b\\\n\u{85}é");
    let Kind::Struct { members, .. } = &btf.types[1].kind else { panic!("{btf:?}") };
    let expected = Member { name: "(anon)".into(), ty: TypeId(1), bit_offset: 0, bit_size: 0 };
    assert_eq!(members, &[expected]);
}

/// Blanks and comments are free, `vlen` need not be said, and old versions of bpftool tell no encoding of enums.
#[test]
fn what_may_be_left_out() {
    let btf = read(
        "  // types\n\n[1] ENUM 'e' size=4 // all\n 'a' val=1\n\n   'b'  val=2\n[2]  PTR  '' type_id=1 ",
    );
    assert_eq!(
        print(&btf),
        "[1] ENUM 'e' encoding=UNSIGNED size=4 vlen=2\n\t'a' val=1\n\t'b' val=2\n[2] PTR '(anon)' type_id=1\n"
    );
}

#[test]
fn mistakes_are_told_with_their_places() {
    for (text, expected) in [
        ("int", "1:1 a type begins with its number"),
        ("[2] PTR '(anon)' type_id=0", "1:2 types are numbered 1, 2, 3 and so on, in this order"),
        ("[1] PRT '(anon)' type_id=0", "1:5 `PRT` is no kind of type"),
        ("[1] PTR x type_id=0", "1:9 a name in quotes is missing"),
        ("[1] PTR 'x type_id=0", "1:9 this name does not end"),
        ("[1] PTR 'x\\q' type_id=0", "1:11 this escape does not exist"),
        ("[1] PTR '\\x80' type_id=0", "1:9 this name is no UTF-8"),
        ("[1] PTR 'a\\0' type_id=0", "1:9 a name holds no NUL"),
        ("[1] PTR 'a\0' type_id=0", "1:9 a name holds no NUL"),
        ("[1] ENUM 'a' size=4 vlen=1\n'x'", "2:3 `val=` is missing"),
        ("[1] PTR ''", "1:10 `type_id=` is missing"),
        ("[1] PTR '' type_id=x", "1:20 `x` is no number for `type_id`"),
        ("[1] PTR '' type_id=4294967296", "1:20 4294967296 does not fit `type_id`"),
        ("[1] PTR '' type_id=1 type_id=1", "1:22 `type_id` is given twice"),
        ("[1] PTR '' type_id=1 size=1", "1:22 `size` says nothing here"),
        ("[1] PTR '' type_id", "1:12 expected `key=value`"),
        ("[1] PTR '' type_id=0\n'a' type_id=0", "2:1 a type of kind PTR has no members"),
        ("[1] STRUCT 's' size=0 vlen=1", "1:1 the number of members is not what `vlen` says: 0 follow"),
        (
            "[1] STRUCT 's' size=0 vlen=1 kind_flag=0\n'a' type_id=0 bits_offset=0 bitfield_size=1",
            "2:29 a bit field in a type with `kind_flag=0`",
        ),
        ("[1] TYPE_TAG 's' type_id=0 kind_flag=2", "1:28 `kind_flag` is 0 or 1"),
        (
            "[1] INT 'i' size=4 bits_offset=0 nr_bits=32 encoding=UNKN",
            "1:54 `UNKN` is no number for `encoding`",
        ),
        ("[1] ENUM 'e' size=4 vlen=1\n'a' val=-1", "2:5 -1 does not fit an enum of 32 bits"),
        (
            "[1] DATASEC '.data' size=4 vlen=1\ntype_id=1 offset=0 size=4 (VAR 'v')",
            "2:27 type 1 is DATASEC '.data'",
        ),
    ] {
        let mut sources = Sources::default();
        let file = sources.add("x", format!("btf {{{text}"));
        let (_, diagnostics) = parse(text, file, 5);
        let [d] = diagnostics.as_slice() else { panic!("{diagnostics:?} about {text}") };
        let (line, col) = sources.position(d.primary.span);
        let col = if line == 1 { col - 5 } else { col };
        assert_eq!(format!("{line}:{col} {}", d.message), expected, "{text}");
    }
}

/// What the format cannot hold is left out: what has been read can be printed and read.
#[test]
fn bit_fields_end_at_two_mebibytes() {
    let text = "[1] STRUCT 's' size=0 vlen=1 kind_flag=1\n'a' type_id=0 bits_offset=16777216\n";
    let (btf, diagnostics) = parse(text, FileId(0), 0);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(print(&btf), "[1] STRUCT 's' size=0 vlen=0 kind_flag=1\n");
}

/// One mistake does not move the numbers of the types behind it.
#[test]
fn numbers_stay_where_they_are() {
    let (btf, diagnostics) = parse("[1] PRT 'a' type_id=0\n\t'x' y\n[2] PTR 'b' type_id=1\n", FileId(0), 0);
    assert_eq!(diagnostics.len(), 1);
    assert_eq!(btf.types[1], Type::named("b", Kind::Ptr(TypeId(1))));
}
