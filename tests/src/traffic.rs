//! Honest traffic: TCP and UDP through the kernel's own stack.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::net::NetNs;

/// How long a connection that is expected to fail is given. A SYN that is lost is sent again after a second.
pub const PATIENCE: Duration = Duration::from_millis(700);

/// Connects from inside a namespace.
///
/// # Errors
/// As `connect(2)`; `TimedOut` after [`PATIENCE`].
pub fn connect(ns: &NetNs, to: SocketAddr) -> io::Result<TcpStream> {
    ns.run(|| TcpStream::connect_timeout(&to, PATIENCE))
}

/// Connects from inside a namespace, sends `bytes`, and demands them back.
///
/// # Errors
/// As `connect(2)`, `send(2)`, `recv(2)`; `InvalidData` when something else comes back.
pub fn echo(ns: &NetNs, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    let mut stream = connect(ns, to)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut writer = stream.try_clone()?;
    std::thread::scope(|scope| {
        let sent = scope.spawn(move || writer.write_all(bytes));
        let mut back = vec![0; bytes.len()];
        stream.read_exact(&mut back)?;
        sent.join().expect("the writer does not panic")?;
        if back == bytes { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    })
}

/// A TCP server that sends everything back.
#[derive(Debug)]
pub struct EchoServer {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl EchoServer {
    /// Listens at all these addresses, inside a namespace.
    ///
    /// # Panics
    /// When one of them is not free.
    #[must_use]
    pub fn start(ns: &NetNs, addresses: &[SocketAddr]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = addresses.iter().map(|address| {
            let bound = ns.run(|| TcpListener::bind(address));
            let listener = bound.unwrap_or_else(|error| panic!("listen at {address}: {error}"));
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || serve(&listener, &stop))
        });
        Self { threads: threads.collect(), stop }
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, stop: &AtomicBool) {
    listener.set_nonblocking(true).expect("non-blocking");
    while !stop.load(Ordering::Relaxed) {
        match listener.accept() {
            // Ends when the other side does, which every test's client does at its end.
            Ok((stream, _)) => drop(std::thread::spawn(move || echo_back(stream))),
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn echo_back(mut stream: TcpStream) {
    let _ = stream.set_nonblocking(false);
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}

/// Sends `count` datagrams of one byte from one address to another.
///
/// # Panics
/// When the socket cannot be bound. What `send(2)` says is not looked at: a filter's drop is an error there.
pub fn udp(ns: &NetNs, from: SocketAddr, to: SocketAddr, count: usize) {
    let bound = ns.run(|| UdpSocket::bind(from));
    let socket = bound.unwrap_or_else(|error| panic!("bind to {from}: {error}"));
    for _ in 0..count {
        let _ = socket.send_to(b"x", to);
    }
}
