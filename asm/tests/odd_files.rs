//! Files that no compiler makes, and what few do: what is read is the same as what is read of the file and of the text
//! that are made of it.

mod common;

use bpfasm_asm::isa::Endian;
use bpfasm_asm::object::{Anchor, DataKind, Object, Symbol};
use bpfasm_asm::{disasm, elf};

/// The object in the file that the text of another assembler makes.
fn read(text: &str) -> Object {
    let (_, compiled) = common::through_as("odd.s", text, Endian::Little);
    elf::read(&compiled.elf.expect("a file")).expect("an object")
}

/// Takes an object through a file and through text.
fn same(object: &Object) {
    let file = elf::write(object).expect("a file");
    let again = elf::read(&file).expect("what was written");
    assert!(again == *object, "{again:#?}\n{object:#?}");
    let text = disasm::to_text(object);
    let again = common::assemble(&text, Endian::Little).unwrap_or_else(|told| panic!("{told}\n{text}"));
    assert!(again == *object, "{text}\n{again:#?}\n{object:#?}");
}

#[test]
fn a_label_of_another_kind_is_a_label() {
    let object = read(".section prog,\"ax\"\n.type place,@object\nplace:\n\texit\n\texit\n");
    assert_eq!(object.funcs[0].name, "place");
    same(&object);
    let global = ".section prog,\"ax\"\n.globl f\n.type f,@function\nf:\n\texit\n.size f, 8\n.globl g\n.type g,@object\ng:\n\texit\n";
    let object = read(global);
    let names: Vec<_> = object.funcs.iter().map(|func| func.name.as_str()).collect();
    assert_eq!(names, ["f", "g"]);
    same(&object);
}

#[test]
fn empty_records_say_nothing_about_types() {
    let text = "btf {\n    [1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED\n}\n";
    let object = common::assemble(text, Endian::Little).expect("types");
    let types = object.btf.encode(Endian::Little).expect("small");
    let bytes: Vec<String> = types.iter().map(u8::to_string).collect();
    let object = read(&format!(".section .BTF\n.byte {}\n.section .BTF.ext\n", bytes.join(", ")));
    assert!(object.data.is_empty() && object.btf.types.len() == 1, "{object:#?}");
    same(&object);
}

#[test]
fn the_last_of_several_sections_holds_the_maps() {
    let text = format!("section \".maps\" other align 8 {{ 0: 01 }}\n{DESCRIBED}");
    let object = common::assemble(&text, Endian::Little).expect("an object");
    assert_eq!((object.maps.len(), object.data[0].kind), (2, DataKind::Other));
    same(&object);
}

#[test]
fn an_alignment_is_no_size() {
    let object = common::assemble("section \"far\" other align 0x80000000 { 0: 01 }", Endian::Little);
    let object = object.expect("an object");
    assert!(elf::write(&object).expect("a file").len() < 1024);
    same(&object);
}

/// A map that BTF describes, with a second one and what stands before its end.
const DESCRIBED: &str = "
map inner: array<u32, u32>[1]
map outer: array_of_maps<u32, array<u32, u32>[1]>[2] = { 1: inner }
prog p: \"socket\" {
    r1 = outer ll
    w0 = 0
    exit
}
";

#[test]
fn what_stands_in_the_place_of_a_map_is_kept() {
    let text = DESCRIBED.replace("u32>[1]\nmap", "u32>[1] { bytes: \"\\x01\\0\\0\\0abc\\0\\0\" }\nmap");
    let object = common::assemble(&text, Endian::Little).expect("an object");
    assert_eq!(object.maps[0].bytes, *b"\x01\0\0\0abc");
    same(&object);
    let file = elf::write(&object).expect("a file");
    assert!(file.windows(7).any(|bytes| bytes == b"\x01\0\0\0abc"));
}

#[test]
fn a_static_map_is_named_by_its_place() {
    let mut object = common::assemble(DESCRIBED, Endian::Little).expect("an object");
    object.maps.swap(0, 1);
    object.maps[1].linkage = bpfasm_asm::object::Linkage::Static;
    object.maps[0].values = vec![(1, Symbol::Map(1))];
    for r in object.funcs.iter_mut().flat_map(|func| &mut func.refs) {
        r.to = Symbol::Map(0);
    }
    let file = elf::write(&object).expect("a file");
    let again = elf::read(&file).expect("what was written");
    assert_eq!(again.maps[0].values, [(1, Symbol::Map(1))]);
    assert!(again.maps[0].bytes.is_empty() && again.maps[0].refs.is_empty());
    // A relocation of another kind keeps what it counts from, also beyond all maps.
    object.maps[0].values.clear();
    let reloc = bpfasm_asm::object::Reloc { kind: 2, base: Anchor::Maps(0), addend: None, within: 0 };
    let to = Symbol::Map(0);
    object.maps[0].refs =
        vec![bpfasm_asm::object::Address { offset: 4096, to, reloc: Some(Box::new(reloc)) }];
    let file = elf::write(&object).expect("a file");
    let again = elf::read(&file).expect("what was written");
    let (map, refs) = again.maps.iter().find_map(|map| Some((map, map.refs.first()?))).expect("an address");
    assert_eq!((refs.to, map.place), (Symbol::Map(0), None));
}

#[test]
fn a_part_of_a_bit_field_has_no_name() {
    let text = "
prog p: \"socket\" {
    @relo #1 \"0:1:1\" 0
    r1 = 40
    @relo #1 \"0:0\" 0
    r1 = 0
    w0 = 0
    exit
}
btf {
    [1] STRUCT 'outer' size=16 vlen=2
        'first' type_id=3 bits_offset=0
        'inner' type_id=2 bits_offset=64 bitfield_size=8
    [2] STRUCT 'inner' size=40 vlen=2
        'a' type_id=3 bits_offset=0
        'b' type_id=3 bits_offset=256
    [3] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
}
";
    let object = common::assemble(text, Endian::Little).expect("an object");
    let text = disasm::to_text(&object);
    assert!(text.contains("r1 = core(outer.first)") && !text.contains("core(outer.inner"), "{text}");
    same(&object);
}

#[test]
fn records_of_types_that_are_not_there_are_kept() {
    let text = "
prog p: \"socket\" {
    @relo #99 \"0:1\" 0
    r1 = 40
    @relo #1 \"0\" 9
    r1 = 3
    w0 = 0
    exit
}
btf {
    [1] ENUM 'odd' encoding=UNSIGNED size=3 vlen=1
        'ONE' val=1
    [2] STRUCT 'twice' size=8 vlen=2
        'same' type_id=3 bits_offset=0
        'same' type_id=3 bits_offset=32
    [3] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
    [4] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
    [5] FUNC_PROTO '(anon)' ret_type_id=3 vlen=0
    [6] FUNC 'p' type_id=5 linkage=global
    [7] VAR 'v' type_id=2, linkage=global
    [8] DATASEC '.data' size=8 vlen=1
        type_id=7 offset=0 size=8 (VAR 'v')
}
section \".data\" align 4 { 0: v[8], 0: 01 00 00 00 02 00 00 00 }
";
    let object = common::assemble(text, Endian::Little).unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(object.funcs[0].core.len(), 2);
    // A type with a size that the language does not know, and one with a name twice, are not used by name.
    let text = disasm::to_text(&object);
    assert!(!text.contains("core_size(") && text.contains("0: v[8]"), "{text}");
    same(&object);
}

#[test]
fn the_number_of_sections_may_stand_in_the_first() {
    let object = common::assemble(DESCRIBED, Endian::Little).expect("an object");
    let mut file = elf::write(&object).expect("a file");
    let list = |file: &[u8]| {
        let mut text = vec![];
        let listing = bpfasm_asm::dump::Llvm::parse(file).expect("a file");
        listing.write("odd.o", None, &mut text).expect("memory takes it");
        text
    };
    let before = list(&file);
    let table =
        usize::try_from(u64::from_le_bytes(file[40..48].try_into().expect("8 bytes"))).expect("small");
    let (count, names) = ([file[60], file[61]], [file[62], file[63]]);
    file[60..64].copy_from_slice(&[0, 0, 0xff, 0xff]);
    file[table + 32..table + 34].copy_from_slice(&count);
    file[table + 40..table + 42].copy_from_slice(&names);
    assert_eq!(elf::read(&file).expect("a file"), object);
    assert_eq!(list(&file), before);
}

#[test]
fn more_sections_than_numbers_are_an_error() {
    let mut object =
        common::assemble("section \".data\" align 1 { 0: 01 }", Endian::Little).expect("an object");
    let data = object.data[0].clone();
    object.data = vec![data; 65_275];
    assert!(elf::write(&object).is_ok());
    object.data.extend(object.data[..10].to_vec());
    let told = elf::write(&object).expect_err("too many").to_string();
    assert!(told.contains("section table"), "{told}");
}
