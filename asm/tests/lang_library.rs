//! The library as a whole: every module builds, and its macros for helpers are complete.

mod common;

use std::collections::BTreeMap;

use bpfasm_asm::btf::{Btf, Kind, TypeId, decode};
use bpfasm_asm::diag::{Diagnostics, Sources};
use bpfasm_asm::expand::library;
use bpfasm_asm::isa::{Endian, Syntax};
use bpfasm_asm::lang::ast::{ItemKind, Macro};
use bpfasm_asm::lang::parser::parse;
use bpfasm_asm::uapi::HelperId;

use common::{BOTH, assemble};

/// The macros of a module by name, with how many parameters they have.
fn macros(module: &str) -> Vec<(String, usize)> {
    let mut sources = Sources::default();
    let root = sources.add(module, library::module(module).expect("a module"));
    let mut diagnostics = Diagnostics::default();
    let file = parse(&sources, root, &mut diagnostics);
    assert_eq!(diagnostics.iter().count(), 0, "{module}");
    let params = |m: &Macro| (sources.slice(m.name).to_string(), m.params.len());
    file.items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Macro(m) => Some(params(m)),
            _ => None,
        })
        .collect()
}

#[test]
fn every_module_builds_alone() {
    for module in library::modules() {
        for endian in BOTH {
            let text = format!("import \"{module}\"\nprog p: \"xdp\" {{\n    w0 = 0\n    exit\n}}\n");
            assemble(&text, endian).unwrap_or_else(|e| panic!("{module}: {e}"));
        }
    }
}

#[test]
fn every_helper_has_a_macro_that_calls_it() {
    let macros = macros("helpers");
    for helper in HelperId::all() {
        let name = helper.name().expect("a name");
        let (_, params) = macros.iter().find(|m| m.0 == name).unwrap_or_else(|| panic!("no {name}!"));
        let args: Vec<String> = (1..=*params).map(|n| n.to_string()).collect();
        let text = format!(
            "import \"helpers\"\nprog p: \"xdp\" {{\n    {name}! {}\n    exit\n}}\n",
            args.join(", ")
        );
        let object = assemble(&text, Endian::Little).unwrap_or_else(|e| panic!("{name}: {e}"));
        let insns: Vec<_> = object.funcs[0].insns.iter().collect();
        // The arguments in their order, then the call.
        for (insn, n) in insns.iter().zip(1u8..).take(*params) {
            assert_eq!((insn.dst, insn.imm), (n, i32::from(n)), "{name}");
        }
        let call = insns[*params];
        assert_eq!(call.form().map(|f| f.syntax), Some(Syntax::CallHelper), "{name}");
        assert_eq!(u32::try_from(call.imm), Ok(helper.0), "{name}");
    }
    assert_eq!(macros.len(), HelperId::all().count());
}

/// The examples in the text of a module: lines that stand two blanks further in than its tables, behind an empty one.
fn examples(module: &str) -> String {
    let head = library::module(module).expect("a module").lines().take_while(|line| line.starts_with("//"));
    let (mut before, mut within, mut found) = ("", false, String::new());
    for line in head {
        let code = line.strip_prefix("//     ");
        within = code.is_some_and(|code| within || before == "//" && !code.starts_with(' '));
        if let Some(code) = code.filter(|_| within) {
            found += &format!("{code}\n");
        }
        before = line;
    }
    found
}

/// What the examples take for granted: declarations, and lines before them.
const AROUND: &[(&str, &str, &str)] = &[
    ("control", "", "stack { iter: bpf_iter_num }\nr6 = 0\nr7 = 0\nr8 = 1"),
    ("csum", "import \"net\"", "view udp = r7: udphdr"),
    ("helpers", "map ports: devmap<u32, u32>[4]", "stack { name: char[16], task: u64 }\nr6 = 0\nr7 = 0"),
    (
        "macros",
        "import \"net\"\nmap counters: array<u32, u64>[4]",
        "stack { key: u32 }\nr6 = 1\nr7 = *(u32 *)(r1 + 0)\nr8 = *(u32 *)(r1 + 4)",
    ),
    ("parse", "import \"net\"", "view ctx = r1: xdp_md"),
    ("ringbuf", "", "r7 = 0\nr8 = 0"),
    ("trace", "import \"helpers\"", ""),
];

#[test]
fn examples_in_the_text_of_modules_build() {
    let with: Vec<&str> = library::modules().filter(|m| !examples(m).is_empty()).collect();
    assert_eq!(with, AROUND.iter().map(|a| a.0).collect::<Vec<_>>());
    for (module, declarations, before) in AROUND {
        let example = examples(module);
        let item = |line: &&str| line.starts_with("struct ") || line.starts_with("map ");
        let (items, body): (Vec<&str>, Vec<&str>) = example.lines().partition(item);
        let text = match body.iter().any(|line| line.starts_with("prog ")) {
            true => format!("import \"{module}\"\n{declarations}\n{example}"),
            false => format!(
                "license \"GPL\"\nimport \"{module}\"\n{declarations}\n{}\nprog p: \"xdp\" {{\n{before}\n{}\n\
                 w0 = 0\nexit\n.pass:\n.full:\n.done:\nw0 = 2\nexit\n}}\n",
                items.join("\n"),
                body.join("\n"),
            ),
        };
        for endian in BOTH {
            assemble(&text, endian).unwrap_or_else(|e| panic!("{module}: {e}\n{text}"));
        }
    }
}

/// The names of a module's structs and unions.
fn structs(module: &str) -> Vec<String> {
    let mut sources = Sources::default();
    let root = sources.add(module, library::module(module).expect("a module"));
    let file = parse(&sources, root, &mut Diagnostics::default());
    let name = |item: &bpfasm_asm::lang::ast::Item| match &item.kind {
        ItemKind::Struct(s) if s.fields.is_some() => Some(sources.slice(s.name).to_string()),
        _ => None,
    };
    file.items.iter().filter_map(name).collect()
}

/// The members of a struct by name, with those of anonymous ones: where each begins and ends, in bits.
fn members(btf: &Btf, id: TypeId, base: u32, to: &mut BTreeMap<String, (u32, u32)>) {
    let Some(Kind::Struct { members: list, .. } | Kind::Union { members: list, .. }) = btf.resolved(id)
    else {
        return;
    };
    for member in list {
        let at = base + member.bit_offset;
        if member.name.is_empty() {
            members(btf, member.ty, at, to);
            continue;
        }
        let bits = match member.bit_size {
            0 => btf.size_of(member.ty).unwrap_or(0) * 8,
            bits => bits.into(),
        };
        to.insert(member.name.clone(), (at, at + bits));
    }
}

/// Structs with members that the kernel has not: headers of packets have whole bytes where C has bit fields, and the
/// arguments of a raw tracepoint have no length there.
const OTHERS: &[&str] =
    &["iphdr", "ipv6hdr", "tcphdr", "icmphdr", "icmp6hdr", "bpf_raw_tracepoint_args", "bpf_iter__udp"];

#[test]
fn structs_are_laid_out_as_in_the_kernel() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "must not be skipped: the kernel has no BTF");
        println!("skipped: the kernel has no BTF");
        return;
    };
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let exact = release.starts_with("6.18.");
    let kernel = decode(&bytes).expect("the kernel's BTF").btf;
    let is_struct = |kind: &Kind| matches!(kind, Kind::Struct { .. } | Kind::Union { .. });
    let (mut wrong, mut seen) = (vec![], 0);
    for module in library::modules() {
        let names = structs(module);
        let globals: String = names.iter().map(|name| format!("global _{name}: {name}\n")).collect();
        let object = assemble(&format!("import \"{module}\"\n{globals}"), Endian::Little)
            .unwrap_or_else(|e| panic!("{module}: {e}"));
        for name in names {
            let Some(theirs) = kernel.find(&name, is_struct).filter(|_| !OTHERS.contains(&name.as_str()))
            else {
                continue;
            };
            let ours = object.btf.find(&name, is_struct).expect("a struct of ours");
            let (mut here, mut there) = (BTreeMap::new(), BTreeMap::new());
            members(&object.btf, ours, 0, &mut here);
            members(&kernel, theirs, 0, &mut there);
            let sizes = (object.btf.size_of(ours), kernel.size_of(theirs));
            if sizes.0 != sizes.1 && exact {
                wrong.push(format!("{module}: {name}: {sizes:?} bytes"));
            }
            seen += here.len();
            for member in here.keys().chain(there.keys().filter(|name| !here.contains_key(*name))) {
                let places = (here.get(member), there.get(member));
                // Other kernels have more members or fewer; an array without a length is none of the context.
                let both = places.0.is_some() && places.1.is_some();
                let empty = places.1.is_some_and(|(start, end)| start == end);
                if places.0 != places.1 && (both || exact && !empty) {
                    wrong.push(format!("{module}: {name}.{member}: {places:?}"));
                }
            }
        }
    }
    assert!(seen > 300, "{seen} members");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whoever uses a macro has to know which registers it destroys.
#[test]
fn every_macro_says_what_it_changes() {
    let mut seen = 0;
    for module in library::modules() {
        let text = library::module(module).expect("a module");
        let mut doc = String::new();
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("///") {
                doc += more;
            } else {
                if let Some(head) = line.strip_prefix("macro ") {
                    seen += 1;
                    // Those for helpers all change the same, which their module says once.
                    let says = doc.contains(" Changes ") || module == "helpers";
                    assert!(says, "{module}: what does `{head}` change?");
                    assert!(!doc.is_empty(), "{module}: what does `{head}` do?");
                }
                doc.clear();
            }
        }
    }
    assert!(seen > 250, "{seen} macros");
    assert!(library::module("helpers").expect("the module").contains("r0 to r5"));
}

/// What programs of each type may answer has names.
#[test]
fn results_have_names() {
    for (module, results) in [
        ("xdp", "XDP_ABORTED XDP_DROP XDP_PASS XDP_TX XDP_REDIRECT"),
        (
            "tc",
            "TC_ACT_UNSPEC TC_ACT_OK TC_ACT_RECLASSIFY TC_ACT_SHOT TC_ACT_PIPE TC_ACT_STOLEN TC_ACT_QUEUED",
        ),
        ("tc", "TC_ACT_REPEAT TC_ACT_REDIRECT TC_ACT_TRAP TCX_NEXT TCX_PASS TCX_DROP TCX_REDIRECT"),
        ("tc", "NETKIT_NEXT NETKIT_PASS NETKIT_DROP NETKIT_REDIRECT"),
        ("cgroup", "CGROUP_REFUSE CGROUP_ALLOW CGROUP_EGRESS_CN CGROUP_BIND_NO_CAP SK_DROP SK_PASS"),
        ("sock", "SK_DROP SK_PASS"),
        ("nf", "NF_DROP NF_ACCEPT"),
        ("bpf", "BPF_OK BPF_DROP BPF_REDIRECT BPF_LWT_REROUTE BPF_FLOW_DISSECTOR_CONTINUE"),
    ] {
        for result in results.split(' ') {
            let text = format!("import \"{module}\"\nprog p: \"xdp\" {{\n    w0 = {result}\n    exit\n}}\n");
            assemble(&text, Endian::Little).unwrap_or_else(|e| panic!("{module}, {result}: {e}"));
        }
    }
}
