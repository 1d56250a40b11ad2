//! AF_PACKET sockets: sending any frame, and seeing every frame.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::errno::Errno;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, bind, recvfrom, send, setsockopt,
    socket, sockopt,
};

use crate::net::NetNs;
use crate::tool::wait_until;

/// A packet socket bound to one device. Must be called inside the device's namespace.
fn open(dev: &str) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd =
        socket(AddressFamily::Packet, SockType::Raw, flags, SockProtocol::EthAll).expect("packet socket");
    // Frames that come faster than a sniffer reads must wait, not be lost.
    setsockopt(&fd, sockopt::RcvBufForce, &(64 << 20)).expect("receive buffer");
    // The C library fills in the device's index only, so the socket's own protocol stays.
    let link = getifaddrs().expect("devices").find_map(|entry| {
        (entry.interface_name == dev).then(|| entry.address?.as_link_addr().copied()).flatten()
    });
    bind(fd.as_raw_fd(), &link.unwrap_or_else(|| panic!("no device {dev}"))).expect("bind to device");
    fd
}

/// Sends frames as they are through a device. They pass tc egress, but nothing of IP. One that a filter drops
/// there is sent all the same, as far as this function knows.
///
/// # Panics
/// When the kernel refuses one, or takes none for five seconds.
pub fn inject<'a>(ns: &NetNs, dev: &str, frames: impl IntoIterator<Item = &'a [u8]> + Send) {
    ns.run(|| {
        let fd = open(dev);
        for frame in frames {
            wait_until("room to send", Duration::from_secs(5), || {
                match send(fd.as_raw_fd(), frame, MsgFlags::empty()) {
                    // ENOBUFS is what a drop at egress is called.
                    Ok(_) | Err(Errno::ENOBUFS) => Some(()),
                    Err(Errno::EAGAIN) => None,
                    Err(error) => panic!("sending {} bytes through {dev}: {error}", frame.len()),
                }
            });
        }
    });
}

/// A frame that a [`Sniffer`] saw.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Whether this device sent it; else it received it.
    pub sent: bool,
    /// The frame. The kernel has taken off the outermost VLAN tag of received ones.
    pub bytes: Vec<u8>,
}

/// Collects what passes a device: received frames after XDP, sent ones after tc egress.
#[derive(Debug)]
pub struct Sniffer {
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sniffer {
    /// Starts to listen. Every frame from now on is seen.
    #[must_use]
    pub fn start(ns: &NetNs, dev: &str) -> Self {
        let fd = ns.run(|| open(dev));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (into, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || collect(&fd, &into, &stopped));
        Self { seen, stop, thread: Some(thread) }
    }

    /// How many frames seen so far fit.
    ///
    /// # Panics
    /// When the listening thread has panicked.
    #[must_use]
    pub fn count(&self, mut fits: impl FnMut(&Seen) -> bool) -> usize {
        self.seen.lock().expect("not poisoned").iter().filter(|frame| fits(frame)).count()
    }

    /// Waits until `wanted` frames that fit were seen.
    ///
    /// # Panics
    /// When that takes longer than five seconds.
    #[track_caller]
    pub fn wait_for(&self, wanted: usize, mut fits: impl FnMut(&Seen) -> bool) {
        let what = format!("{wanted} frames");
        wait_until(&what, Duration::from_secs(5), || (self.count(&mut fits) >= wanted).then_some(()));
    }

    /// Ends after everything that is already queued was read, and gives all frames.
    ///
    /// # Panics
    /// When the listening thread has panicked.
    #[must_use]
    pub fn stop(mut self) -> Vec<Seen> {
        self.end();
        std::mem::take(&mut *self.seen.lock().expect("not poisoned"))
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        self.end();
    }
}

fn collect(fd: &OwnedFd, into: &Mutex<Vec<Seen>>, stop: &AtomicBool) {
    // PACKET_OUTGOING of linux/if_packet.h.
    const OUTGOING: u8 = 4;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let stopping = stop.load(Ordering::Relaxed);
        while let Ok((length, from)) = recvfrom::<LinkAddr>(fd.as_raw_fd(), &mut buffer) {
            let sent = from.is_some_and(|from| from.pkttype() == OUTGOING);
            into.lock().expect("not poisoned").push(Seen { sent, bytes: buffer[..length].to_vec() });
        }
        if stopping {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
