use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::btf::tests::types as any_types;
use crate::btf::{Btf, raw};
use crate::diag::FileId;
use crate::isa::Endian;
use crate::object::Func;

fn types(text: &str) -> Btf {
    let (btf, diagnostics) = raw::parse(text, FileId(0), 0);
    assert!(diagnostics.is_empty(), "{diagnostics:?} in\n{text}");
    btf
}

/// An object of one function whose instructions hold values of these types.
fn object(btf: Btf, insns: &[(Insn, CoreRelo)]) -> Object {
    let mut func = Func::default();
    for (n, (insn, relo)) in insns.iter().enumerate() {
        func.insns.push(*insn);
        func.core.push(CoreRelo { insn: n, ..relo.clone() });
    }
    Object { btf, funcs: vec![func], ..Object::default() }
}

/// What becomes of its instructions with these types of a kernel and of its modules; and why, of those that are poisoned.
fn fit(object: &Object, kernel: &Btf, modules: &[Btf]) -> Result<Vec<Result<Insn, String>>, String> {
    let bytes = kernel.encode(Endian::Little).map_err(|e| e.to_string())?;
    let modules: Vec<_> = modules.iter().map(|m| m.encode(Endian::Little).unwrap()).collect();
    let fitted = fit_to(object, &bytes, &modules)?;
    // With what the types are cut to it is the same; numbers of types are others there.
    if object.funcs[0].core.iter().all(|relo| relo.kind != CoreKind::TYPE_ID_TARGET) {
        let scan = |bytes| Rc::new(Scan::new(bytes).unwrap());
        let modules: Vec<_> = modules.iter().map(|m| scan(m)).collect();
        let small = cut(&[object], &scan(&bytes), &modules).map_err(|(_, e)| e.to_string())?;
        let again = fit_to(object, &small.encode(Endian::Little).unwrap(), &[])?;
        let values =
            |all: &[Result<Insn, String>]| all.iter().map(|one| one.clone().ok()).collect::<Vec<_>>();
        assert_eq!(values(&again), values(&fitted), "{small:#?}");
    }
    Ok(fitted)
}

fn fit_to(object: &Object, bytes: &[u8], modules: &[Vec<u8>]) -> Result<Vec<Result<Insn, String>>, String> {
    let mut wanted = Wanted::default();
    want(object, &[0], &mut wanted);
    let vmlinux = Rc::new(Scan::finding(bytes, None, &mut wanted).map_err(|e| e.to_string())?);
    let modules = || Ok::<_, Infallible>(modules.iter().map(|m| Rc::new(Scan::new(m).unwrap())).collect());
    let Ok(mut fitter) = Fitter::new(object, &[0], vmlinux, &wanted, modules);
    let patches = fitter.patches(0).map_err(|e| e.to_string())?;
    let why = |insn| fitter.why(0, insn).map(|(what, why)| format!("{what}: {why}")).unwrap_or_default();
    let told = |p: &Patch| if p.is_poisoned() { Err(why(p.insn)) } else { Ok(p.becomes) };
    Ok(patches.iter().map(told).collect())
}

fn relo(kind: CoreKind, ty: u32, access: &str) -> CoreRelo {
    CoreRelo { insn: 0, ty: TypeId(ty), access: access.into(), kind }
}

/// `r1 = N ll`.
fn wide(number: u64) -> Insn {
    let mut insn = Insn { code: 0x18, dst: 1, ..Insn::default() };
    insn.set_imm64(number.cast_signed());
    insn
}

/// A relocation of a number that the instruction holds as compilers write it; its new value, or what is said.
fn ask(local: &str, kernel: &str, kind: CoreKind, ty: u32, access: &str) -> Result<u64, String> {
    ask_with(local, kernel, &[], kind, ty, access)
}

fn ask_with(
    local: &str,
    kernel: &str,
    modules: &[&str],
    kind: CoreKind,
    ty: u32,
    access: &str,
) -> Result<u64, String> {
    let (btf, relo) = (types(local), relo(kind, ty, access));
    let held = Path::of(&&btf, &relo).and_then(|path| Value::of(&&btf, &path, kind, Endian::Little));
    let object = object(btf, &[(wide(held.map_or(0, |value| value.number)), relo)]);
    let modules: Vec<_> = modules.iter().map(|m| types(m)).collect();
    fit(&object, &types(kernel), &modules)?.remove(0).map(|insn| insn.imm64().cast_unsigned())
}

const LOCAL: &str = "\
[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
[3] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=4
[4] STRUCT 'inner' size=24 vlen=2
    'x' type_id=2 bits_offset=0
    'list' type_id=3 bits_offset=64
[5] PTR '(anon)' type_id=4
[6] STRUCT 'task___mine' size=48 vlen=4
    'pid' type_id=1 bits_offset=0
    'inner' type_id=4 bits_offset=64
    'flags' type_id=1 bits_offset=256
    'up' type_id=5 bits_offset=320
[7] STRUCT 'bits' size=4 vlen=2
    'a' type_id=1 bits_offset=0 bitfield_size=3
    'b' type_id=1 bits_offset=3 bitfield_size=5
[8] ENUM 'color' encoding=UNSIGNED size=4 vlen=2
    'RED' val=0
    'GREEN___old' val=7
[9] TYPEDEF 'number' type_id=1
[10] FWD 'hidden' fwd_kind=struct
[11] STRUCT 'open' size=4 vlen=2
    'n' type_id=1 bits_offset=0
    'tail' type_id=12 bits_offset=32
[12] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=0
";

/// The same names, elsewhere: a field in a union without a name, arrays shorter and longer, a sign gone.
const KERNEL: &str = "\
[1] INT 'unsigned int' size=4 bits_offset=0 nr_bits=32 encoding=(none)
[2] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
[3] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=3
[4] CONST '(anon)' type_id=3
[5] STRUCT '(anon)' size=32 vlen=2
    'list' type_id=4 bits_offset=64
    'x' type_id=2 bits_offset=0
[6] UNION '(anon)' size=32 vlen=2
    'other' type_id=1 bits_offset=0
    '(anon)' type_id=9 bits_offset=0
[7] TYPEDEF 'inner_t' type_id=5
[8] STRUCT 'task' size=56 vlen=4
    'new' type_id=2 bits_offset=0
    '(anon)' type_id=6 bits_offset=64
    'inner' type_id=7 bits_offset=128
    'up' type_id=1 bits_offset=384
[9] STRUCT '(anon)' size=16 vlen=2
    'first' type_id=2 bits_offset=0
    'pid' type_id=1 bits_offset=64
[10] STRUCT 'bits' size=8 vlen=2
    'a' type_id=1 bits_offset=7 bitfield_size=4
    'b' type_id=1 bits_offset=30 bitfield_size=5
[11] ENUM64 'color___2' encoding=UNSIGNED size=8 vlen=3
    'BLUE' val=1
    'RED' val=5
    'GREEN' val=4294967296
[12] TYPEDEF 'number' type_id=2
[13] STRUCT 'hidden' size=0 vlen=0
[14] STRUCT 'open' size=8 vlen=2
    'n' type_id=2 bits_offset=0
    'tail' type_id=15 bits_offset=64
[15] ARRAY '(anon)' type_id=2 index_type_id=1 nr_elems=0
";

#[test]
fn every_kind_is_answered_by_the_kernel() {
    use CoreKind as K;
    for (kind, ty, access, answer) in [
        (K::FIELD_OFFSET, 6, "0:0", 16),
        (K::FIELD_OFFSET, 6, "1:0", 72),
        (K::FIELD_OFFSET, 6, "0:1:1:2", 40),
        (K::FIELD_SIZE, 6, "0:1:1", 24),
        (K::FIELD_SIZE, 6, "0:1:1:1", 8),
        (K::FIELD_EXISTS, 6, "0:1:1:2", 1),
        (K::FIELD_EXISTS, 6, "0:1:1:3", 0),
        (K::FIELD_EXISTS, 6, "0:2", 0),
        // A number where the object has a pointer.
        (K::FIELD_EXISTS, 6, "0:3", 0),
        (K::FIELD_SIGNED, 6, "0:0", 0),
        (K::FIELD_SIGNED, 6, "0:1:0", 1),
        (K::FIELD_LSHIFT, 6, "0:0", 32),
        (K::FIELD_RSHIFT, 6, "0:0", 32),
        // Bits 7 to 10 of the first word; bits 30 to 34 lie across two, and so need eight bytes.
        (K::FIELD_OFFSET, 7, "0:0", 0),
        (K::FIELD_SIZE, 7, "0:0", 4),
        (K::FIELD_LSHIFT, 7, "0:0", 53),
        (K::FIELD_RSHIFT, 7, "0:0", 60),
        (K::FIELD_SIZE, 7, "0:1", 8),
        (K::FIELD_LSHIFT, 7, "0:1", 29),
        (K::FIELD_RSHIFT, 7, "0:1", 59),
        (K::FIELD_SIGNED, 7, "0:1", 0),
        (K::TYPE_ID_LOCAL, 6, "0", 6),
        (K::TYPE_ID_LOCAL, 0, "0", 0),
        (K::TYPE_ID_TARGET, 6, "0", 8),
        (K::TYPE_EXISTS, 6, "0", 1),
        (K::TYPE_EXISTS, 9, "0", 1),
        // Declared only, and so no struct.
        (K::TYPE_EXISTS, 10, "0", 0),
        (K::TYPE_SIZE, 6, "0", 56),
        (K::TYPE_SIZE, 9, "0", 8),
        (K::TYPE_MATCHES, 6, "0", 0),
        (K::ENUM_EXISTS, 8, "0", 1),
        (K::ENUM_VALUE, 8, "0", 5),
        (K::ENUM_VALUE, 8, "1", 1 << 32),
        // An array without a length, at the end of its struct, has any element.
        (K::FIELD_OFFSET, 11, "0:1:5", 48),
    ] {
        assert_eq!(ask(LOCAL, KERNEL, kind, ty, access), Ok(answer), "{kind:?} of {ty}, {access}");
    }
    for (kind, answer) in
        [(K::TYPE_EXISTS, 0), (K::TYPE_SIZE, 0), (K::TYPE_ID_TARGET, 0), (K::TYPE_MATCHES, 0)]
    {
        assert_eq!(ask(LOCAL, "", kind, 6, "0"), Ok(answer), "{kind:?}");
    }
    for kind in [K::FIELD_EXISTS, K::ENUM_EXISTS] {
        assert_eq!(ask(LOCAL, "", kind, if kind == K::ENUM_EXISTS { 8 } else { 6 }, "0"), Ok(0));
    }
}

#[test]
fn what_is_missing_is_named_with_what_is_like_it() {
    use CoreKind as K;
    let near = KERNEL.replace("'pid'", "'pids'").replace("'GREEN'", "'GREENS'");
    let other = KERNEL.replace("'task'", "'tasks'").replace("'color___2'", "'kolor'");
    for (kernel, kind, ty, access, said) in [
        (
            &*near,
            K::FIELD_OFFSET,
            6,
            "0:0",
            "core(task___mine.pid): `struct task` of this kernel has no field `pid`; there is `pids`",
        ),
        (
            KERNEL,
            K::FIELD_SIZE,
            6,
            "0:1:1:3",
            "core_size(task___mine.inner.list[3]): the array has 3 elements in this kernel, none 3",
        ),
        (
            KERNEL,
            K::FIELD_OFFSET,
            6,
            "0:3",
            "core(task___mine.up): `up` in `struct task` of this kernel is of another kind",
        ),
        (
            &near,
            K::ENUM_VALUE,
            8,
            "1",
            "core_enum(color.GREEN___old): `enum color___2` of this kernel has no value `GREEN`; there is `GREENS`",
        ),
        (
            &other,
            K::FIELD_OFFSET,
            6,
            "0:0",
            "core(task___mine.pid): this kernel has no `struct task`; there is `tasks`",
        ),
        (
            &other,
            K::ENUM_VALUE,
            8,
            "0",
            "core_enum(color.RED): this kernel has no `enum color`; there is `kolor`",
        ),
    ] {
        assert_eq!(ask(LOCAL, kernel, kind, ty, access), Err(said.into()));
    }
}

#[test]
fn types_that_contradict_are_errors() {
    use CoreKind as K;
    let two = |a: &str, b: &str| {
        format!(
            "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\
             [2] STRUCT 'task' size=16 vlen=2\n    'pid' type_id=1 bits_offset={a}\n    'old' type_id=1 bits_offset=96\n\
             [3] STRUCT 'task___2' size=16 vlen=1\n    'pid' type_id=1 bits_offset={b}\n"
        )
    };
    // As types that differ only in what their pointers lead to.
    assert_eq!(ask(LOCAL, &two("32", "32"), K::FIELD_OFFSET, 6, "0:0"), Ok(4));
    let said = ask(LOCAL, &two("32", "64"), K::FIELD_OFFSET, 6, "0:0").unwrap_err();
    assert_eq!(
        said,
        "core(task___mine.pid): the kernel has two types of that name that fit and differ: type 2 gives 4, type 3 \
         gives 8"
    );
    // One that does not fit does not count, for all that is asked of the type from then on.
    let old = "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\
               [2] STRUCT 'task' size=8 vlen=2\n    'pid' type_id=1 bits_offset=0\n    'old' type_id=1 bits_offset=32\n";
    let asked = [relo(K::FIELD_OFFSET, 2, "0:1"), relo(K::FIELD_OFFSET, 2, "0:0")];
    let insns = [(wide(4), asked[0].clone()), (wide(0), asked[1].clone())];
    let fitted = fit(&object(types(old), &insns), &types(&two("32", "64")), &[]).unwrap();
    assert_eq!(fitted, [Ok(wide(12)), Ok(wide(4))]);
    for (kind, ty, access, said) in [
        (K::FIELD_OFFSET, 6, "0:9", "core(task___mine): the object's type has no part `0:9`"),
        (K::FIELD_OFFSET, 6, "0:1:1:4", "core(task___mine): the object's type has no part `0:1:1:4`"),
        (K::FIELD_OFFSET, 6, "", "core(task___mine): the object's type has no part ``"),
        (K::FIELD_OFFSET, 6, "0:x", "core(task___mine): the object's type has no part `0:x`"),
        (K::TYPE_SIZE, 6, "0:1", "core_size(task___mine): the object's type has no part `0:1`"),
        (K::ENUM_VALUE, 6, "0", "core_enum(task___mine): the object's type has no part `0`"),
        (K::FIELD_SIGNED, 3, "0:1", "core_signed([1]): relocations of kind 3 (field_signed) do not suit it"),
        (CoreKind(77), 6, "0:0", "core(task___mine.pid): relocations of kind 77 (unknown) do not suit it"),
        (
            K::TYPE_EXISTS,
            3,
            "0",
            "core_exists(): its type has no name that could be looked for in the kernel",
        ),
        (
            K::TYPE_EXISTS,
            0,
            "0",
            "core_exists(void): its type has no name that could be looked for in the kernel",
        ),
        (K::TYPE_SIZE, 10, "0", "core_size(hidden): type 10 has no size, or one of 4 GiB and more"),
        (K::TYPE_SIZE, 99, "0", "core_size(void): the object has no type 99"),
    ] {
        assert_eq!(ask(LOCAL, KERNEL, kind, ty, access), Err(said.into()));
    }
}

#[test]
fn modules_are_asked_for_what_the_kernel_lacks() {
    let module = "[1] STRUCT 'task' size=9 vlen=0\n[2] STRUCT 'bits' size=5 vlen=0\n";
    let size = |kernel, ty| ask_with(LOCAL, kernel, &["", module], CoreKind::TYPE_SIZE, ty, "0");
    assert_eq!((size(KERNEL, 6), size(KERNEL, 7)), (Ok(56), Ok(8)));
    assert_eq!((size("", 6), size("", 7), size("", 9)), (Ok(9), Ok(5), Ok(0)));
}

#[test]
fn instructions_take_the_new_value_where_they_hold_one() {
    let small = "[1] INT 'u16' size=2 bits_offset=0 nr_bits=16 encoding=(none)\n[2] PTR '(anon)' type_id=0\n\
                 [3] INT 'short' size=2 bits_offset=0 nr_bits=16 encoding=SIGNED\n\
                 [4] STRUCT 's' size=24 vlen=3\n    'u' type_id=1 bits_offset=16\n    'p' type_id=2 bits_offset=64\n    \
                 'i' type_id=3 bits_offset=128\n";
    let large = "[1] INT 'u64' size=8 bits_offset=0 nr_bits=64 encoding=(none)\n[2] PTR '(anon)' type_id=0\n\
                 [3] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\
                 [4] STRUCT 's' size=24 vlen=3\n    'u' type_id=1 bits_offset=64\n    'p' type_id=2 bits_offset=128\n    \
                 'i' type_id=3 bits_offset=0\n";
    let offset = |n: u32| relo(CoreKind::FIELD_OFFSET, 4, &format!("0:{n}"));
    let mem = |code, off| Insn { code, dst: 1, src: 2, off, imm: 0, hi: None };
    let run = |kernel: &str, insn, relo| {
        fit(&object(types(small), &[(insn, relo)]), &types(kernel), &[]).map(|mut all| all.remove(0))
    };
    let (h, w, dw, b) = (0x08, 0x00, 0x18, 0x10);
    // Loads and stores of memory, of all kinds.
    for class in [0x61, 0x63, 0x62] {
        assert_eq!(run(large, mem(class | h, 2), offset(0)), Ok(Ok(mem(class | dw, 8))));
        assert_eq!(run(large, mem(class | dw, 8), offset(1)), Ok(Ok(mem(class | dw, 16))));
        let said = run(large, mem(class | h, 16), offset(2)).unwrap().unwrap_err();
        assert!(
            said.starts_with("core(s.i): the field has 4 bytes in this kernel, not 2, and a sign"),
            "{said}"
        );
    }
    // Pointers of a kernel of 32 bits; one is known by its `long`.
    let narrow = large.replace("'int' size=4", "'long int' size=4");
    assert_eq!(run(&narrow, mem(0x61 | dw, 8), offset(1)), Ok(Ok(mem(0x61 | w, 16))));
    // Numbers: in 32 and in 64 bits.
    for code in [0xb4, 0xb7, 0x07] {
        let number = |imm| Insn { code, dst: 1, src: 0, off: 0, imm, hi: None };
        assert_eq!(run(large, number(2), offset(0)), Ok(Ok(number(8))));
    }
    for (kernel, insn, said) in [
        (
            large,
            mem(0x61 | h, 4),
            "core(s.u): the instruction holds 4, but by the object's own types it is 2",
        ),
        (
            large,
            mem(0x61 | b, 2),
            "core(s.u): the field has 8 bytes in this kernel, not 2, and the instruction cannot have that size",
        ),
        (
            &*large.replace("bits_offset=64\n    'p'", "bits_offset=262144\n    'p'"),
            mem(0x61 | h, 2),
            "core(s.u): 32768, its value in this kernel, does not fit the instruction",
        ),
        (
            large,
            mem(0xbf, 0),
            "core(s.u): it is neither a load, a store nor an instruction with a number, and so holds no such value",
        ),
    ] {
        assert_eq!(run(kernel, insn, offset(0)), Err(said.into()));
    }
}

#[test]
fn values_of_enums_keep_their_sign() {
    let of = |kind, encoding, size, value: &str| {
        format!("[1] {kind} 'e' encoding={encoding} size={size} vlen=1\n    'A' val={value}\n")
    };
    let ours = of("ENUM", "SIGNED", 4, "-2");
    let value = |kernel: &str| ask(&ours, kernel, CoreKind::ENUM_VALUE, 1, "0");
    assert_eq!(value(&of("ENUM", "SIGNED", 4, "-3")), Ok((-3i64).cast_unsigned()));
    assert_eq!(value(&of("ENUM64", "SIGNED", 8, "-4")), Ok((-4i64).cast_unsigned()));
    assert_eq!(value(&of("ENUM64", "UNSIGNED", 8, "4294967295")), Ok(0xffff_ffff));
    // Filled up with zeros by the compiler, and so by us.
    let asked = relo(CoreKind::ENUM_VALUE, 1, "0");
    let object = object(types(&of("ENUM", "UNSIGNED", 4, "4294967295")), &[(wide(0xffff_ffff), asked)]);
    let fitted = fit(&object, &types(&of("ENUM", "UNSIGNED", 4, "4294967294")), &[]).unwrap();
    assert_eq!(fitted, [Ok(wide(0xffff_fffe))]);
}

#[test]
fn what_matches_has_all_members_of_the_same_kind_size_and_sign() {
    let base = "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\
                [2] FWD 'far' fwd_kind=struct\n[3] PTR '(anon)' type_id=2\n\
                [4] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1\n    'a' type_id=3\n[5] PTR '(anon)' type_id=4\n\
                [6] ENUM 'e' encoding=UNSIGNED size=4 vlen=1\n    'A' val=0\n\
                [7] ARRAY '(anon)' type_id=1 index_type_id=1 nr_elems=2\n\
                [8] STRUCT 's' size=40 vlen=5\n    'i' type_id=1 bits_offset=0\n    'far' type_id=3 bits_offset=64\n    \
                'call' type_id=5 bits_offset=128\n    'e' type_id=6 bits_offset=192\n    'all' type_id=7 bits_offset=224\n";
    let more = base.replace("vlen=5\n", "vlen=6\n    'new' type_id=1 bits_offset=288\n");
    let matches = |kernel: &str| ask(base, kernel, CoreKind::TYPE_MATCHES, 8, "0");
    for (kernel, answer) in [
        (base.to_string(), 1),
        (more.clone(), 1),
        (base.replace("fwd_kind=struct", "fwd_kind=union"), 0),
        (base.replace("[2] FWD 'far' fwd_kind=struct", "[2] STRUCT 'far' size=0 vlen=0"), 1),
        (base.replace("[2] FWD 'far' fwd_kind=struct", "[2] UNION 'far' size=0 vlen=0"), 0),
        (base.replace("'far' type_id=3", "'near' type_id=3"), 0),
        (base.replace("'far' fwd", "'near' fwd"), 0),
        (base.replace("encoding=SIGNED", "encoding=(none)"), 0),
        (base.replace("nr_elems=2", "nr_elems=3"), 0),
        (base.replace("'A' val=0", "'A' val=9"), 1),
        (base.replace("'A' val=0", "'B' val=0"), 0),
        (base.replace("[4] FUNC_PROTO '(anon)' ret_type_id=1", "[4] FUNC_PROTO '(anon)' ret_type_id=3"), 0),
        (base.replace("[7] ARRAY '(anon)' type_id=1", "[7] ARRAY '(anon)' type_id=3"), 0),
    ] {
        assert_eq!(matches(&kernel), Ok(answer), "{kernel}");
    }
    assert_eq!(ask(&more, base, CoreKind::TYPE_MATCHES, 8, "0"), Ok(0));
}

#[test]
fn functions_are_compatible_by_the_kinds_of_what_they_take() {
    let of = |param: &str| {
        types(&format!(
            "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n[2] STRUCT 'a' size=0 vlen=0\n\
             [3] PTR '(anon)' type_id=2\n[4] CONST '(anon)' type_id=3\n[5] INT 'long' size=8 bits_offset=0 nr_bits=64 \
             encoding=(none)\n[6] FUNC_PROTO '(anon)' ret_type_id=1 vlen=1\n    'x' type_id={param}\n"
        ))
    };
    let compatible = |a, b| {
        let (object, kernel) = (object(of(a), &[]), of(b).encode(Endian::Little).unwrap());
        is_compatible(&object, TypeId(6), &Rc::new(Scan::new(&kernel).unwrap()), TypeId(6))
    };
    assert_eq!(compatible("1", "5"), Ok(true));
    assert_eq!(compatible("3", "4"), Ok(true));
    assert_eq!(compatible("1", "3"), Ok(false));
    assert_eq!(compatible("1", "77"), Err(Wrong::NoKernelType(TypeId(77))));
}

/// Types that somebody made to keep us: they end in an error, and soon.
#[test]
fn types_without_end_end() {
    use CoreKind as K;
    let head = "[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n\
                [2] STRUCT 's' size=8 vlen=2\n    'gone' type_id=1 bits_offset=0\n    'p' type_id=5 bits_offset=0\n\
                [3] TYPEDEF 'round' type_id=4\n[4] CONST '(anon)' type_id=3\n[5] PTR '(anon)' type_id=5\n";
    // A typedef of itself, and a pointer to itself.
    for kind in [K::TYPE_EXISTS, K::TYPE_SIZE, K::TYPE_MATCHES] {
        ask(head, head, kind, 3, "0").unwrap_err();
    }
    assert_eq!(ask(head, head, K::FIELD_EXISTS, 2, "0:1"), Ok(1));
    ask(head, head, K::TYPE_MATCHES, 2, "0").unwrap_err();
    // A member without a name of its own type; and two of each, 40 deep, which is a tree of 2⁴⁰.
    let own = "[1] STRUCT 's' size=8 vlen=1\n    '(anon)' type_id=1 bits_offset=0\n";
    assert!(ask(head, own, K::FIELD_EXISTS, 2, "0:0").unwrap_err().contains("nested too deep"));
    let tree = |leaf: &str| {
        let node = |n: u32| {
            let to = n + 1;
            format!(
                "[{n}] STRUCT '{}' size=8 vlen=2\n    '{leaf}' type_id={to} bits_offset=0\n    '{leaf}' type_id={to} \
                 bits_offset=0\n",
                if n == 1 { "s" } else { "(anon)" }
            )
        };
        (1..30).map(node).collect::<String>() + "[30] STRUCT '(anon)' size=0 vlen=0\n"
    };
    assert!(ask(head, &tree("(anon)"), K::FIELD_EXISTS, 2, "0:0").unwrap_err().contains("too many members"));
    let far = tree("x").replace("[30] STRUCT", "[30] UNION");
    assert!(ask(&tree("x"), &far, K::TYPE_MATCHES, 1, "0").unwrap_err().contains("too many members"));
}

proptest! {
    /// Any types on both sides, whatever refers to what, and any question.
    #[test]
    fn any_types_give_an_answer_or_an_error(
        local in any_types(),
        kernel in any_types(),
        same in any::<bool>(),
        asked in prop::collection::vec((0u32..15, 0u32..20, "0|[0-3](:[0-4]){0,4}", any::<u8>(), any::<i16>()), 1..20),
    ) {
        let mut insns: Vec<_> = asked.into_iter().map(|(kind, ty, access, code, off)| {
            (Insn { code, off, ..Insn::default() }, relo(CoreKind(kind), ty, &access))
        }).collect();
        insns.retain(|(insn, _)| insn.code != 0x18);
        let kernel = if same { &local } else { &kernel };
        let object = object(local.clone(), &insns);
        let _ = fit(&object, kernel, &[]);
    }

    /// Bytes that are not quite types of a kernel.
    #[test]
    fn changed_bytes_give_an_answer_or_an_error(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kind in 0u32..13,
        ty in 1u32..13,
        access in "0|0:[0-3](:[0-2]){0,2}",
    ) {
        let mut bytes = types(KERNEL).encode(Endian::Little).unwrap();
        for (at, new) in edits {
            let at = at.index(bytes.len());
            bytes[at] = new;
        }
        let object = object(types(LOCAL), &[(wide(0), relo(CoreKind(kind), ty, &access))]);
        let mut wanted = Wanted::default();
        want(&object, &[0], &mut wanted);
        if let Ok(scan) = Scan::finding(&bytes, None, &mut wanted) {
            let none = || Ok::<_, Infallible>(vec![]);
            let Ok(mut fitter) = Fitter::new(&object, &[0], Rc::new(scan), &wanted, none);
            let _ = fitter.patches(0);
            let _ = fitter.why(0, 0);
        }
    }
}
