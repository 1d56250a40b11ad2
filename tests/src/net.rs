//! Network namespaces and the devices in them.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::Duration;

use nix::sched::{CloneFlags, setns, unshare};
use serde_json::Value;

use crate::packet::Mac;
use crate::space::{Space, on_thread};
use crate::tool::{self, wait_until, which};

/// A network namespace, alive as long as this value or a process inside. Its devices go with it.
#[derive(Debug)]
pub struct NetNs(File);

impl NetNs {
    /// A namespace with nothing but the loopback device, which is up.
    ///
    /// # Panics
    /// When the kernel refuses.
    #[must_use]
    pub fn new() -> Self {
        let ns = on_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("unshare(CLONE_NEWNET)");
            Self(File::open("/proc/thread-self/ns/net").expect("own network namespace"))
        });
        ns.ip("link set lo up");
        ns
    }

    /// Runs `f` on a thread inside. Sockets made there stay there.
    ///
    /// # Panics
    /// When the namespace cannot be entered; with the panic of `f`.
    pub fn run<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        on_thread(|| {
            setns(&self.0, CloneFlags::CLONE_NEWNET).expect("setns net");
            f()
        })
    }

    /// Runs `ip ARGS` inside. Not for programs from object files: `ip` would mount a bpffs outside.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn ip(&self, args: &str) -> String {
        self.run(|| tool::sh(&format!("ip {args}")))
    }

    /// Runs `ip -j ARGS` inside and gives the first element of its answer.
    fn ip_json(&self, args: &str) -> Value {
        let text = self.ip(&format!("-j {args}"));
        let all: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("ip {args}: {error}: {text}"));
        all.get(0).cloned().unwrap_or_default()
    }

    /// Sets a value below `/proc/sys/net`.
    ///
    /// # Panics
    /// When the kernel refuses it.
    pub fn sysctl(&self, name: &str, value: &str) {
        self.run(|| std::fs::write(format!("/proc/sys/net/{name}"), value).expect("sysctl"));
    }

    /// Waits until the device carries packets. A new veth pair loses its first ones until then.
    ///
    /// # Panics
    /// When that takes longer than five seconds.
    pub fn wait_up(&self, dev: &str) {
        let state = || self.ip_json(&format!("link show dev {dev}"))["operstate"].as_str().map(str::to_owned);
        let up = || (state().as_deref() == Some("UP")).then_some(());
        wait_until(&format!("{dev} to be up"), Duration::from_secs(5), up);
    }

    /// The XDP programs on a device as the kernel reports them: mode and program id. Modes: 1 native,
    /// 2 generic, 3 offloaded (`XDP_ATTACHED_*` of linux/if_link.h).
    #[must_use]
    pub fn xdp(&self, dev: &str) -> Option<(u64, u64)> {
        let link = self.ip_json(&format!("-d link show dev {dev}"));
        let mode = link["xdp"]["mode"].as_u64()?;
        Some((mode, link["xdp"]["prog"]["id"].as_u64().unwrap_or(0)))
    }

    /// Packets that the device has received.
    #[must_use]
    pub fn rx_packets(&self, dev: &str) -> u64 {
        self.counter(dev, "rx")
    }

    /// Packets that the device has sent.
    #[must_use]
    pub fn tx_packets(&self, dev: &str) -> u64 {
        self.counter(dev, "tx")
    }

    fn counter(&self, dev: &str, direction: &str) -> u64 {
        let link = self.ip_json(&format!("-s link show dev {dev}"));
        link["stats64"][direction]["packets"].as_u64().expect("device statistics")
    }

    /// What `tc` shows for a device: qdiscs, then the filters of both directions.
    #[must_use]
    pub fn tc(&self, dev: &str) -> String {
        let show = |args: &str| {
            let tc = which("tc").expect("tc comes with ip");
            let args = args.split(' ').chain(["dev", dev]);
            self.run(|| tool::run(Command::new(tc).args(args)).stdout)
        };
        // Only devices with a clsact qdisc have filters; without one, tc's complaint is no answer.
        show("qdisc show") + &show("filter show ingress") + &show("filter show egress")
    }

    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.0.as_raw_fd())
    }
}

impl Default for NetNs {
    fn default() -> Self {
        Self::new()
    }
}

/// The device on the near side of a [`Pair`].
pub const NEAR: &str = "near0";
/// The device on the far side of a [`Pair`].
pub const FAR: &str = "far0";
/// The near device's address.
pub const NEAR_MAC: Mac = [2, 0, 0, 0, 0, 1];
/// The far device's address.
pub const FAR_MAC: Mac = [2, 0, 0, 0, 0, 2];
/// The near side's address; the net is /24.
pub const NEAR_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The far side's address.
pub const FAR_V4: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);
/// The near side's address; the net is /64.
pub const NEAR_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 1);
/// The far side's address.
pub const FAR_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 9, 0, 0, 0, 0, 0, 2);

/// Two namespaces joined by a veth pair: `bpfasm` works on the near side, its traffic comes from the far side.
///
/// Neighbours are entered by hand, so neither ARP nor neighbour discovery is seen.
#[derive(Debug)]
pub struct Pair {
    /// The side where `bpfasm` works; its device is [`NEAR`].
    pub near: Space,
    /// The other side; its device is [`FAR`].
    pub far: NetNs,
}

impl Pair {
    /// IPv4 and IPv6 on both sides.
    #[must_use]
    pub fn new() -> Self {
        Self::make(true)
    }

    /// Without IPv6: no packet but those a test sends, so that counters can be compared exactly.
    #[must_use]
    pub fn quiet() -> Self {
        Self::make(false)
    }

    fn make(v6: bool) -> Self {
        let pair = Self { near: Space::new(), far: NetNs::new() };
        let (near, far) = (&pair.near.net, &pair.far);
        for ns in [near, far] {
            ns.sysctl("ipv6/conf/default/disable_ipv6", if v6 { "0" } else { "1" });
            ns.sysctl("ipv6/conf/default/router_solicitations", "0");
        }
        let (near_mac, far_mac) = (colons(NEAR_MAC), colons(FAR_MAC));
        let peer = format!("peer name {FAR} address {far_mac} netns {}", far.path());
        near.ip(&format!("link add {NEAR} address {near_mac} type veth {peer}"));
        let sides = [
            (near, NEAR, NEAR_V4, NEAR_V6, FAR_V4, FAR_V6, &far_mac),
            (far, FAR, FAR_V4, FAR_V6, NEAR_V4, NEAR_V6, &near_mac),
        ];
        for (ns, dev, v4, v6_addr, peer_v4, peer_v6, peer_mac) in sides {
            ns.ip(&format!("addr add {v4}/24 dev {dev}"));
            ns.ip(&format!("link set {dev} up"));
            ns.ip(&format!("neigh add {peer_v4} lladdr {peer_mac} dev {dev} nud permanent"));
            if v6 {
                ns.ip(&format!("addr add {v6_addr}/64 dev {dev} nodad"));
                ns.ip(&format!("neigh add {peer_v6} lladdr {peer_mac} dev {dev} nud permanent"));
            }
        }
        near.wait_up(NEAR);
        far.wait_up(FAR);
        pair
    }
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}

/// Shorthand for a socket address.
#[must_use]
pub fn at(ip: impl Into<IpAddr>, port: u16) -> SocketAddr {
    SocketAddr::new(ip.into(), port)
}

fn colons(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
