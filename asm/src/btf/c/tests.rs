use proptest::prelude::*;

use super::*;
use crate::btf::raw;
use crate::btf::tests::types;
use crate::diag::FileId;

fn read(text: &str) -> Btf {
    let (btf, diagnostics) = raw::parse(text, FileId(0), 0);
    assert!(diagnostics.is_empty(), "{diagnostics:?} in\n{text}");
    btf
}

/// What stands between head and tail.
fn c(text: &str) -> String {
    let text = print(&read(text)).expect("printed");
    let text = text.strip_prefix(HEAD).and_then(|text| text.strip_suffix(TAIL)).expect("head and tail");
    text.trim_end().to_string()
}

fn error(text: &str) -> String {
    print(&read(text)).expect_err("an error").to_string()
}

proptest! {
    /// Whatever the types are, they end in text or in an error.
    #[test]
    fn any_types_are_printed_or_refused(btf in types(), cut in 0usize..16, depth in 0usize..4) {
        let mut btf = btf;
        btf.types.truncate(cut);
        let _ = print(&btf);
        let bytes = btf.encode(Endian::HOST);
        let blob = bytes.as_deref().ok().and_then(|bytes| Blob::new(bytes).ok());
        for (blob, id) in blob.iter().flat_map(|blob| blob.iter().map(move |(id, _)| (blob, id))) {
            let _ = show(blob, id, depth).map(|part| part.to_string());
        }
    }
}

const INT: &str = "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n";

#[test]
fn declarations() {
    let text = c(&format!(
        "{INT}[2] CONST '' type_id=1\n[3] PTR '' type_id=2\n[4] RESTRICT '' type_id=3\n\
         [5] ARRAY '' type_id=4 index_type_id=1 nr_elems=3\n[6] PTR '' type_id=5\n\
         [7] FUNC_PROTO '' ret_type_id=6 vlen=2\n 'if' type_id=4\n '' type_id=0\n[8] PTR '' type_id=7\n\
         [9] TYPEDEF 'call' type_id=8\n[10] FUNC_PROTO '' ret_type_id=0\n[11] TYPEDEF 'plain' type_id=10\n\
         [12] TYPE_TAG 'user' type_id=1\n[13] PTR '' type_id=12\n[14] TYPEDEF 'tagged' type_id=13\n"
    ));
    assert_eq!(
        text,
        "typedef const int *restrict (*(*call)(const int *restrict if_, ...))[3];\n\n\
         typedef void plain(void);\n\n\
         typedef int __attribute__((btf_type_tag(\"user\"))) *tagged;"
    );
}

#[test]
fn layouts_that_do_not_come_by_themselves() {
    let text = c(&format!(
        "{INT}[2] STRUCT 'gaps' size=16 vlen=3\n 'a' type_id=1 bits_offset=0\n 'b' type_id=1 bits_offset=64\n \
         'c' type_id=1 bits_offset=99 bitfield_size=3\n\
         [3] STRUCT 'tight' size=5 vlen=2\n 'b' type_id=1 bits_offset=8\n 'late' type_id=1 bits_offset=0 bitfield_size=3\n\
         [4] STRUCT 'wide' size=4096 vlen=0\n[5] UNION 'u' size=16 vlen=1\n 'a' type_id=1 bits_offset=0\n"
    ));
    assert_eq!(
        text,
        "struct gaps {\n\tint a;\n\tlong: 32;\n\tint b;\n\tlong: 3;\n\tint c: 3;\n};\n\n\
         struct tight {\n\tint late: 3;\n\tint b;\n} __attribute__((packed));\n\n\
         struct wide {\n\tunsigned char __pad0[4096];\n};\n\n\
         union u {\n\tint a;\n\tunsigned char __pad0[16];\n};"
    );
}

#[test]
fn names_that_c_does_not_take() {
    let text = c("[1] INT 'u8' size=1 bits_offset=0 nr_bits=8 encoding=(none)\n\
         [2] STRUCT 'a::b<c>' size=1 vlen=1\n 'int' type_id=1 bits_offset=0\n\
         [3] UNION 'a::b<c>' size=1 vlen=1\n '0' type_id=1 bits_offset=0\n\
         [4] TYPEDEF 'while' type_id=2\n[5] ENUM 'e' size=4 vlen=1\n 'u8' val=1\n\
         [6] INT 'long' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[7] TYPEDEF 'l' type_id=6\n");
    assert_eq!(
        text,
        "typedef unsigned char u8;\n\nstruct a__b_c_ {\n\tu8 int_;\n};\n\nunion a__b_c____2 {\n\tu8 _0;\n};\n\n\
         typedef struct a__b_c_ while___2;\n\nenum e {\n\tu8___2 = 1,\n};\n\ntypedef int long___2;\n\n\
         typedef long___2 l;"
    );
}

#[test]
fn names_come_before_their_uses() {
    let text = c("[1] STRUCT 'a' size=8 vlen=1\n 'f' type_id=2 bits_offset=0\n[2] TYPEDEF 'f' type_id=3\n\
         [3] PTR '' type_id=4\n[4] FUNC_PROTO '' ret_type_id=0\n 'a' type_id=5\n 'b' type_id=6\n\
         [5] PTR '' type_id=1\n[6] PTR '' type_id=7\n[7] FWD 'b' fwd_kind=union\n\
         [8] STRUCT 'own' size=8\n 'next' type_id=9 bits_offset=0\n[9] PTR '' type_id=8\n");
    assert_eq!(
        text,
        "struct a;\n\nunion b;\n\ntypedef void (*f)(struct a *a, union b *b);\n\nstruct a {\n\tf f;\n};\n\n\
         struct own {\n\tstruct own *next;\n};"
    );
}

#[test]
fn what_contains_itself_is_refused() {
    let message = |id| format!("BTF type {id}: it contains itself, which C cannot say");
    for (text, id) in [
        ("[1] TYPEDEF 't' type_id=1\n", 1),
        ("[1] STRUCT 's' size=4 vlen=1\n 'a' type_id=1 bits_offset=0\n", 1),
        ("[1] TYPEDEF 't' type_id=2\n[2] PTR '' type_id=2\n", 2),
        ("[1] TYPEDEF 't' type_id=2\n[2] CONST '' type_id=3\n[3] VOLATILE '' type_id=2\n", 2),
        ("[1] TYPEDEF 't' type_id=2\n[2] ARRAY '' type_id=2 index_type_id=1 nr_elems=1\n", 2),
        (
            "[1] TYPEDEF 't' type_id=2\n[2] STRUCT '' size=8 vlen=1\n 'a' type_id=3 bits_offset=0\n[3] PTR '' type_id=2\n",
            2,
        ),
    ] {
        assert_eq!(error(text), message(id), "{text}");
    }
}

/// Deep and broad types end, and soon: by themselves, they take a few bytes each.
#[test]
fn size_is_bounded() {
    let mut deep = String::from("[1] STRUCT 's' size=0 vlen=1\n 'a' type_id=2 bits_offset=0\n");
    let mut chain = String::from("[1] TYPEDEF 't' type_id=2\n");
    let mut twice = deep.clone();
    for id in 2..50_000 {
        // The last is of `void`.
        let next = (id + 1) % 50_000;
        deep += &format!("[{id}] STRUCT '' size=0 vlen=1\n 'a' type_id={next} bits_offset=0\n");
        chain += &format!("[{id}] PTR '' type_id={next}\n");
        if id < 60 {
            let members = format!("type_id={} bits_offset=0\n", (id + 1) % 60);
            twice += &format!("[{id}] UNION '' size=0 vlen=2\n 'a' {members} 'b' {members}");
        }
    }
    assert!(error(&deep).contains("nested too deep"));
    assert!(error(&twice).contains("over and over"));
    assert_eq!(c(&chain).len(), "typedef void t;".len() + 49_998);
}
