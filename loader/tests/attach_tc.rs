//! tc filters and tcx links on a veth pair in a network namespace of the test's own.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::AsFd;
use std::process::Command;

use attach_support::*;
use bpfasm_loader::attach::{Direction, How, Target};
use bpfasm_loader::sys::bpf::{Query, prog_query};
use bpfasm_loader::sys::netlink::{EGRESS_PARENT, INGRESS_PARENT, Socket};

fn has_clsact(socket: &mut Socket, index: u32) -> bool {
    socket.qdiscs(index).unwrap().iter().any(|q| q.kind == "clsact")
}

/// A filter of someone else's on va: classic BPF that matches nothing.
fn foreign(side: &str, priority: u16) {
    let add = ["filter", "add", "dev", "va", side, "protocol", "ip", "pref", &priority.to_string()];
    let matches = ["bpf", "bytecode", "1,6 0 0 0"];
    let done = Command::new("tc").args(add).args(matches).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_filter_comes_and_goes_with_its_qdisc() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        for (section, parent) in [("tc/ingress", INGRESS_PARENT), ("tc/egress", EGRESS_PARENT)] {
            let prog = load(section, "pass", &returns(0));
            let attachment = attach(&prog, section, &dev("va")).unwrap();
            assert_eq!(attachment.how(), How::Netlink);
            let filters = socket.filters(index, parent).unwrap();
            let ours: Vec<_> = filters.iter().filter(|f| f.prog_id == Some(prog_id(&prog))).collect();
            assert_eq!(ours.len(), 1, "{filters:?}");
            assert_eq!(
                (ours[0].priority, ours[0].handle, ours[0].name.as_deref()),
                (0xc000, 1, Some("pass"))
            );
            attachment.detach().unwrap();
            assert!(!has_clsact(&mut socket, index));
        }
    });
}

#[test]
fn foreign_filters_and_qdiscs_stay() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        run("tc qdisc add dev va clsact");
        foreign("egress", 7);
        let prog = load("tc", "pass", &returns(0));
        let target = Target { direction: Some(Direction::Egress), ..dev("va") };
        let attachment = attach(&prog, "tc", &target).unwrap();
        let ours = |socket: &mut Socket| {
            let all = socket.filters(index, EGRESS_PARENT).unwrap();
            all.into_iter().find(|f| f.prog_id.is_some()).map(|f| f.priority)
        };
        assert_eq!(ours(&mut socket), Some(6));
        assert!(attachment.notes().is_empty());
        drop(attachment);
        assert_eq!(ours(&mut socket), None);
        let shown = run("tc filter show dev va egress");
        assert!(shown.contains("pref 7 bpf"), "{shown}");
        assert!(has_clsact(&mut socket, index));

        // The first place is taken: ours comes after, and says so.
        foreign("egress", 1);
        let attachment = attach(&prog, "tc", &target).unwrap();
        assert_eq!(ours(&mut socket), Some(2));
        assert!(
            attachment.notes()[0].starts_with("filters that run before this one: 1"),
            "{:?}",
            attachment.notes()
        );
    });
}

#[test]
fn a_qdisc_of_ours_stays_while_others_use_it() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        let prog = load("tc/ingress", "pass", &returns(0));
        let attachment = attach(&prog, "tc/ingress", &dev("va")).unwrap();
        foreign("egress", 7);
        attachment.detach().unwrap();
        assert!(has_clsact(&mut socket, index));
        assert!(socket.filters(index, INGRESS_PARENT).unwrap().is_empty());
    });
}

#[test]
fn a_filter_that_was_replaced_stays() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        let prog = load("tc/ingress", "pass", &returns(0));
        let attachment = attach(&prog, "tc/ingress", &dev("va")).unwrap();
        run("tc filter del dev va ingress pref 49152");
        foreign("ingress", 49152);
        let said = attachment.detach().unwrap_err().to_string();
        assert!(said.starts_with("tc ingress on va no longer has program"), "{said}");
        assert!(socket.filters(index, INGRESS_PARENT).unwrap().iter().any(|f| f.handle == 1));
    });
}

#[test]
fn an_ingress_qdisc_serves_one_side() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        run("tc qdisc add dev va ingress");
        let prog = load("tc/ingress", "pass", &returns(0));
        let attachment = attach(&prog, "tc/ingress", &dev("va")).unwrap();
        let filters = socket.filters(index, INGRESS_PARENT).unwrap();
        assert!(filters.iter().any(|f| f.prog_id == Some(prog_id(&prog))), "{filters:?}");
        let said = attach(&prog, "tc/egress", &dev("va")).unwrap_err();
        assert!(said.contains("va has an `ingress` qdisc, which has no egress side"), "{said}");
        attachment.detach().unwrap();
        assert!(socket.qdiscs(index).unwrap().iter().any(|q| q.kind == "ingress"));
    });
}

#[test]
fn the_direction_is_never_guessed() {
    in_netns(|| {
        let _socket = veth();
        let prog = load("tc", "pass", &returns(0));
        let said = attach(&prog, "tc", &dev("va")).unwrap_err();
        assert!(said.starts_with("section tc needs a direction: say --direction"), "{said}");
        let said = attach(&prog, "classifier", &dev("va")).unwrap_err();
        assert!(said.starts_with("section classifier needs a direction"), "{said}");
    });
}

#[test]
fn kept_filters_are_found_by_number() {
    in_netns(|| {
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        let prog = load("tc/egress", "pass", &returns(0));
        attach(&prog, "tc/egress", &dev("va")).unwrap().keep();
        attach(&prog, "tc/egress", &dev("vb")).unwrap().keep();
        let removed = bpfasm_loader::attach::detach_prog(prog.as_fd(), None).unwrap();
        let mut shown: Vec<_> = removed.iter().map(ToString::to_string).collect();
        shown.sort();
        assert_eq!(shown, ["tc egress on va, priority 49152", "tc egress on vb, priority 49152"]);
        assert!(socket.filters(index, EGRESS_PARENT).unwrap().iter().all(|f| f.prog_id.is_none()));
    });
}

#[test]
fn tcx_both_ways() {
    in_netns(|| {
        use bpfasm_asm::uapi::AttachType;
        use bpfasm_loader::sys::bpf;
        let mut socket = veth();
        let index = link(&mut socket, "va").index;
        for (section, kind) in
            [("tcx/ingress", AttachType::TCX_INGRESS), ("tcx/egress", AttachType::TCX_EGRESS)]
        {
            let there = || {
                let target = bpf::Target::Ifindex(index);
                prog_query(&Query { target, attach_type: kind, flags: 0 })
                    .map(|a| a.progs)
                    .unwrap_or_default()
            };
            let (first, second) = (load(section, "one", &returns(-1)), load(section, "two", &returns(-1)));
            let a = attach(&first, section, &dev("va")).unwrap();
            let b = attach(&second, section, &dev("va")).unwrap();
            assert_eq!((a.how(), b.how()), (How::Link, How::Link));
            assert_eq!(there(), [prog_id(&first), prog_id(&second)]);
            drop(a);
            assert_eq!(there(), [prog_id(&second)]);
            b.detach().unwrap();
            assert!(there().is_empty());
        }
    });
}
