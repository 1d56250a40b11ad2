//! XDP on a veth pair in a network namespace of the test's own.
#![allow(missing_docs)]

mod attach_support;

use std::os::fd::AsFd;

use attach_support::*;
use bpfasm_loader::attach::{How, Target, XdpMode};
use bpfasm_loader::sys::netlink::XdpInfo;

const PASS: i32 = 2;

fn xdp(mode: XdpMode, prefer_netlink: bool) -> Target<'static> {
    Target { xdp_mode: mode, prefer_netlink, ..dev("va") }
}

#[test]
fn native_and_generic_by_link_and_netlink() {
    in_netns(|| {
        let mut socket = veth();
        let prog = load("xdp", "pass", &returns(PASS));
        let id = prog_id(&prog);
        for mode in [XdpMode::Native, XdpMode::Generic] {
            for netlink in [false, true] {
                let attachment = attach(&prog, "xdp", &xdp(mode, netlink)).unwrap();
                assert_eq!(attachment.mode(), Some(mode));
                assert_eq!(attachment.how(), if netlink { How::Netlink } else { How::Link });
                assert_eq!(attachment.prog_id(), id);
                let there = link(&mut socket, "va").xdp;
                assert_eq!(
                    (there.native, there.generic),
                    match mode {
                        XdpMode::Native => (Some(id), None),
                        _ => (None, Some(id)),
                    }
                );
                let shown = attachment.to_string();
                assert!(shown.starts_with(&format!("xdp on va, {mode} mode, program {id}, ")), "{shown}");
                if netlink {
                    attachment.detach().unwrap();
                } else {
                    drop(attachment);
                }
                assert_eq!(link(&mut socket, "va").xdp, XdpInfo::default());
            }
        }
    });
}

#[test]
fn a_second_program_is_refused_and_the_first_named() {
    in_netns(|| {
        let mut socket = veth();
        let (first, second) = (load("xdp", "first", &returns(PASS)), load("xdp", "second", &returns(PASS)));
        let id = prog_id(&first);
        for netlink in [false, true] {
            let attachment = attach(&first, "xdp", &xdp(XdpMode::Native, netlink)).unwrap();
            let by = attachment.link_id().map(|id| format!(" by link {id}")).unwrap_or_default();
            for (mode, how) in [(XdpMode::Native, false), (XdpMode::Native, true), (XdpMode::Generic, true)] {
                let said = attach(&second, "xdp", &xdp(mode, how)).unwrap_err();
                let begin = format!("xdp on va is taken by program {id} (first){by}: nothing was replaced");
                assert!(said.starts_with(&begin), "{said}");
                assert_eq!(link(&mut socket, "va").xdp.native, Some(id));
            }
        }
    });
}

#[test]
fn what_another_put_there_stays() {
    in_netns(|| {
        let mut socket = veth();
        let (ours, other) = (load("xdp", "ours", &returns(PASS)), load("xdp", "other", &returns(PASS)));
        let attachment = attach(&ours, "xdp", &xdp(XdpMode::Native, true)).unwrap();
        let index = link(&mut socket, "va").index;
        use bpfasm_loader::sys::netlink::xdp_flags::DRV_MODE;
        use std::os::fd::AsRawFd;
        socket.set_xdp(index, other.as_raw_fd(), DRV_MODE, None).unwrap();
        let said = attachment.detach().unwrap_err().to_string();
        let (ours, other) = (prog_id(&ours), prog_id(&other));
        assert_eq!(
            said,
            format!("xdp on va no longer has program {ours}, but program {other} (other): left as it is")
        );
        assert_eq!(link(&mut socket, "va").xdp.native, Some(other));
    });
}

#[test]
fn a_packet_too_large_for_native_mode() {
    in_netns(|| {
        let mut socket = veth();
        run("ip link set va mtu 9000");
        run("ip link set vb mtu 9000");
        let prog = load("xdp", "pass", &returns(PASS));
        for netlink in [false, true] {
            let said = attach(&prog, "xdp", &xdp(XdpMode::Native, netlink)).unwrap_err();
            assert!(said.starts_with("va does not take the program in native mode: ERANGE"), "{said}");
            assert!(said.contains("The kernel says: veth: Peer MTU is too large to set XDP"), "{said}");
            assert!(said.contains("The MTU of va is 9000, that of its peer vb 9000"), "{said}");
            assert!(said.contains("--mode generic"), "{said}");
            assert_eq!(link(&mut socket, "va").xdp, XdpInfo::default());
        }
        let generic = attach(&prog, "xdp", &xdp(XdpMode::Generic, false)).unwrap();
        assert_eq!(generic.mode(), Some(XdpMode::Generic));
    });
}

#[test]
fn no_driver_support_is_told() {
    in_netns(|| {
        // The loopback device of the test's own namespace.
        run("ip link set lo up");
        let prog = load("xdp", "pass", &returns(PASS));
        let said = attach(&prog, "xdp", &Target { ..dev("lo") }).unwrap_err();
        assert!(said.contains("EOPNOTSUPP") && said.contains("`--mode generic` works"), "{said}");
        let hardware = Target { xdp_mode: XdpMode::Hardware, ..dev("lo") };
        let said = attach(&prog, "xdp", &hardware).unwrap_err();
        assert!(said.starts_with("lo does not take the program in hardware mode: EOPNOTSUPP"), "{said}");
    });
}

#[test]
fn devices_that_are_not_there() {
    in_netns(|| {
        let _socket = veth();
        let prog = load("xdp", "pass", &returns(PASS));
        let said = attach(&prog, "xdp", &dev("vaa")).unwrap_err();
        assert_eq!(
            said,
            "there is no network device `vaa` in this network namespace: did you mean va, vb, lo?"
        );
        let said = attach(&prog, "xdp", &dev("a-name-of-more-than-fifteen-bytes")).unwrap_err();
        assert!(said.starts_with("there is no network device `a-name-of-more"), "{said}");
        let said = attach(&prog, "xdp", &Target::default()).unwrap_err();
        assert_eq!(said, "xdp needs a network device: say --dev IF");
        let said = attach(&prog, "xdp/devmap", &dev("va")).unwrap_err();
        assert!(said.contains("it runs from the entry of a devmap"), "{said}");
    });
}

#[test]
fn kept_over_netlink_it_stays_until_removed_by_number() {
    in_netns(|| {
        let mut socket = veth();
        let prog = load("xdp", "pass", &returns(PASS));
        let id = prog_id(&prog);
        let attachment = attach(&prog, "xdp", &xdp(XdpMode::Generic, true)).unwrap();
        assert_eq!(attachment.lifetime(), "until it is detached or va is gone");
        attachment.keep();
        assert_eq!(link(&mut socket, "va").xdp.generic, Some(id));
        let removed = bpfasm_loader::attach::detach_prog(prog.as_fd(), None).unwrap();
        assert_eq!(removed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["xdp on va, generic mode"]);
        assert_eq!(link(&mut socket, "va").xdp, XdpInfo::default());
        assert!(bpfasm_loader::attach::detach_prog(prog.as_fd(), None).unwrap().is_empty());
    });
}

#[test]
fn a_device_that_is_gone_is_no_error() {
    in_netns(|| {
        let _socket = veth();
        let prog = load("xdp", "pass", &returns(PASS));
        let attachment = attach(&prog, "xdp", &xdp(XdpMode::Native, true)).unwrap();
        run("ip link del va");
        attachment.detach().unwrap();
    });
}
