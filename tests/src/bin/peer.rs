//! A TCP peer in a process of its own, for tests in which cgroup membership decides.
//!
//! `bpfasm-peer [--cgroup DIR] serve ADDR` echoes one connection and prints `ready` when it listens;
//! `bpfasm-peer [--cgroup DIR] send ADDR BYTES` sends so many bytes and demands them back.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

fn main() -> io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--cgroup") {
        std::fs::write(format!("{}/cgroup.procs", args[1]), "0")?;
        args.drain(..2);
    }
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", address] => serve(address),
        ["send", address, bytes] => send(address, bytes.parse().map_err(io::Error::other)?),
        _ => Err(io::Error::other("usage: bpfasm-peer [--cgroup DIR] serve ADDR | send ADDR BYTES")),
    }
}

fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("ready");
    let (mut stream, _) = listener.accept()?;
    let mut buffer = [0; 4096];
    let mut total = 0;
    loop {
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            println!("echoed {total}");
            return Ok(());
        }
        stream.write_all(&buffer[..n])?;
        total += n;
    }
}

fn send(address: &str, bytes: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let data: Vec<u8> = (0..=250).cycle().take(bytes).collect();
    let mut writer = stream.try_clone()?;
    let sent = data.clone();
    let thread = std::thread::spawn(move || writer.write_all(&sent));
    let mut back = vec![0; bytes];
    stream.read_exact(&mut back)?;
    thread.join().map_err(|_| io::Error::other("the writer panicked"))??;
    if back != data {
        return Err(io::ErrorKind::InvalidData.into());
    }
    println!("got {bytes} back");
    Ok(())
}
