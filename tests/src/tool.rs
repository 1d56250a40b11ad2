//! Running commands with a time limit, and deciding whether a test can run here at all.

use std::borrow::BorrowMut;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a command may take when the test says nothing else.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Something a test cannot do without.
#[derive(Clone, Copy, Debug)]
pub enum Need<'a> {
    /// Root with the capabilities for bpf(2), networking and mounts.
    Root,
    /// A program on the `PATH`.
    Tool(&'a str),
}

/// Whether all needs are met. If not, prints `skipped: why`, or panics when `BPFASM_NO_SKIP` is set.
#[must_use]
pub fn ready(needs: &[Need<'_>]) -> bool {
    for need in needs {
        let missing = match need {
            Need::Root if !is_root() => "needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN".to_owned(),
            Need::Tool(name) if which(name).is_none() => format!("{name} is not installed"),
            _ => continue,
        };
        skip(&missing);
        return false;
    }
    true
}

/// Says that a test is skipped, and why. Panics when `BPFASM_NO_SKIP` is set.
///
/// # Panics
/// When `BPFASM_NO_SKIP` is set: there, nothing may be skipped.
pub fn skip(why: &str) {
    assert!(std::env::var_os("BPFASM_NO_SKIP").is_none(), "may not be skipped: {why}");
    println!("skipped: {why}");
}

/// Full path of a program, if the `PATH` or an `sbin` folder has it.
#[must_use]
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(sbin).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// CAP_NET_ADMIN (12) and CAP_SYS_ADMIN (21) in the effective set.
fn is_root() -> bool {
    const WANTED: u64 = 1 << 12 | 1 << 21;
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let caps = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    caps.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).is_some_and(|caps| caps & WANTED == WANTED)
}

/// A command that has ended.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    shown: String,
}

impl Output {
    /// The exit code; `None` after a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The output, if the command did succeed.
    ///
    /// # Panics
    /// With the command line and all that it wrote, if it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.status.success(), "{self}");
        self
    }

    /// The output, if the command ended with this exit code.
    ///
    /// # Panics
    /// With the command line and all that it wrote, if it did not.
    #[track_caller]
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "{self}");
        self
    }

    /// Standard output and standard error, one after the other.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "`{}` ended with {}", self.shown, self.status)?;
        write!(f, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// Runs a command to its end, at most [`LIMIT`] long.
///
/// # Panics
/// When it cannot be started or does not end in time.
#[track_caller]
pub fn run(command: impl BorrowMut<Command>) -> Output {
    Running::start(command).wait(LIMIT)
}

/// Runs `program` with arguments separated by blanks, and demands success. For fixed command lines.
///
/// # Panics
/// When it fails.
#[track_caller]
pub fn sh(line: &str) -> String {
    let mut words = line.split_whitespace();
    let program = words.next().expect("a program");
    let path = which(program).unwrap_or_else(|| PathBuf::from(program));
    run(Command::new(path).args(words)).ok().stdout
}

/// A process that is running. Killed, with nothing left behind, when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Pipe,
    stderr: Pipe,
    shown: String,
}

impl Running {
    /// Starts a command with both outputs captured and no input.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start(mut command: impl BorrowMut<Command>) -> Self {
        let command = command.borrow_mut();
        let shown = show(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start `{shown}`: {error}"));
        let stdout = Pipe::new(child.stdout.take().expect("piped"));
        let stderr = Pipe::new(child.stderr.take().expect("piped"));
        Self { child, stdout, stderr, shown }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    ///
    /// # Panics
    /// When the kernel cannot say.
    #[must_use]
    pub fn alive(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }

    /// Everything written so far, standard output first.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout.text(), self.stderr.text())
    }

    /// Waits until the output contains `wanted`.
    ///
    /// # Panics
    /// When the process ends first, or after `limit`; the message shows what there was.
    #[track_caller]
    pub fn wait_for(&mut self, wanted: &str, limit: Duration) {
        let end = Instant::now() + limit;
        loop {
            // The state first, the text second: what a process wrote before it ended must be seen.
            let ended = self.child.try_wait().expect("wait");
            if self.text().contains(wanted) {
                return;
            }
            assert!(
                ended.is_none() && Instant::now() < end,
                "`{}` did not print `{wanted}` ({ended:?}):\n{}",
                self.shown,
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the process is gone.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("pid fits");
        kill(Pid::from_raw(pid), signal)
            .unwrap_or_else(|error| panic!("{signal} to `{}`: {error}", self.shown));
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not come within `limit`; the message shows the output.
    #[must_use]
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Output {
        let end = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                break status;
            }
            assert!(Instant::now() < end, "`{}` still runs after {limit:?}:\n{}", self.shown, self.text());
            std::thread::sleep(Duration::from_millis(2));
        };
        let (stdout, stderr) = (self.stdout.finish(), self.stderr.finish());
        Output { status, stdout, stderr, shown: std::mem::take(&mut self.shown) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `wait` both are no-ops: the standard library does not signal a process it has reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One captured output.
#[derive(Debug)]
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Pipe {
    fn new(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                into.lock().expect("not poisoned").extend_from_slice(&buffer[..n]);
            }
        });
        Self { bytes, reader: Some(reader) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("not poisoned")).into_owned()
    }

    fn finish(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        self.text()
    }
}

fn show(command: &Command) -> String {
    let mut shown = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        let _ = write!(shown, " {}", arg.to_string_lossy());
    }
    shown
}

/// A fresh folder that is removed at the end.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes it below the system's folder for temporary files, readable by all.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bpfasm-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("own folder");
        Self(path)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it, which need not exist.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file into it and gives its path.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}

impl Default for TempDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Asks `probe` again and again until it gives something.
///
/// # Panics
/// After `limit`, naming `what` was waited for.
#[track_caller]
pub fn wait_until<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
