//! What a loader on libbpf does, and no more.
//!
//! `libbpf-load FILE DIR` loads an object, and pins its programs in DIR and its maps in DIR/maps.
//!
//! `libbpf-load` loads, one after the other and each in a process of its own, the objects whose paths it reads, and
//! writes a line for each: the path, what came of it, and why or what; with tabs between. What came of it is `OK`, the
//! call that failed, or `DIED`; what was loaded is `NAME=TAG` for each program. `--btf FILE` says where the kernel's
//! types are.

use libbpf_sys::*;
use std::ffi::{CStr, CString, c_char, c_int};
use std::fs::File;
use std::io::{Read, stdin};
use std::os::fd::FromRawFd;
use std::ptr::{null, null_mut};

/// Says nothing: what is measured and compared is not what libbpf prints.
unsafe extern "C" fn quiet(_: libbpf_print_level, _: *const c_char, _: *mut __va_list_tag) -> c_int {
    0
}

fn c(text: &str) -> CString {
    CString::new(text).expect("no NUL")
}

fn main() {
    // SAFETY: the function is there as long as the program.
    unsafe { libbpf_set_print(Some(quiet)) };
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut btf = None;
    if args.first().is_some_and(|arg| arg == "--btf") {
        btf = Some(c(&args[1]));
        args.drain(..2);
    }
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [file, dir] => {
            if let Err((call, errno)) = load(file, btf.as_ref()).and_then(|object| pin(object, dir)) {
                eprintln!("{file}: {call}: errno {errno}");
                std::process::exit(1);
            }
        }
        [] => {
            for path in stdin().lines().map_while(Result::ok) {
                println!("{path}\t{}", apart(|| outcome(&path, btf.as_ref())));
            }
        }
        _ => {
            eprintln!("usage: libbpf-load [--btf FILE] [FILE DIR]");
            std::process::exit(2);
        }
    }
}

type Failed = (&'static str, c_int);

fn load(path: &str, btf: Option<&CString>) -> Result<*mut bpf_object, Failed> {
    // SAFETY: the options are zeros but for their size and a path that outlives the call.
    unsafe {
        let mut options: bpf_object_open_opts = std::mem::zeroed();
        options.sz = size_of_val(&options) as _;
        options.btf_custom_path = btf.map_or(null(), |path| path.as_ptr());
        let object = bpf_object__open_file(c(path).as_ptr(), &options);
        if object.is_null() {
            return Err(("OPEN", *libc::__errno_location()));
        }
        match bpf_object__load(object) {
            0 => Ok(object),
            e => Err(("LOAD", -e)),
        }
    }
}

fn pin(object: *mut bpf_object, dir: &str) -> Result<(), Failed> {
    // SAFETY: the object is loaded.
    unsafe {
        match (bpf_object__pin_programs(object, c(dir).as_ptr()), c(&format!("{dir}/maps"))) {
            (0, maps) => match bpf_object__pin_maps(object, maps.as_ptr()) {
                0 => Ok(()),
                e => Err(("PIN", -e)),
            },
            (e, _) => Err(("PIN", -e)),
        }
    }
}

fn outcome(path: &str, btf: Option<&CString>) -> String {
    let object = match load(path, btf) {
        Ok(object) => object,
        Err((call, errno)) => return format!("{call}\t{errno}"),
    };
    let mut shown = vec![];
    let mut program = null_mut();
    // SAFETY: the object is loaded; the struct that the kernel fills is as long as it is told.
    unsafe {
        loop {
            program = bpf_object__next_program(object, program);
            if program.is_null() {
                return format!("OK\t{}", shown.join(" "));
            }
            let mut info: bpf_prog_info = std::mem::zeroed();
            let mut len = size_of_val(&info) as u32;
            let fd = bpf_program__fd(program);
            if fd >= 0 && bpf_obj_get_info_by_fd(fd, (&raw mut info).cast(), &mut len) == 0 {
                let tag: String = info.tag.iter().map(|byte| format!("{byte:02x}")).collect();
                shown.push(format!("{}={tag}", CStr::from_ptr(bpf_program__name(program)).to_string_lossy()));
            }
        }
    }
}

/// What a function says in a process of its own, which half a minute ends.
fn apart(say: impl Fn() -> String) -> String {
    let mut ends = [0; 2];
    // SAFETY: the child has this one thread, and leaves without any clean-up.
    let mut from = unsafe {
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let child = libc::fork();
        if child == 0 {
            libc::alarm(30);
            let said = say();
            libc::write(ends[1], said.as_ptr().cast(), said.len());
            libc::_exit(0);
        }
        libc::close(ends[1]);
        File::from_raw_fd(ends[0])
    };
    let mut said = String::new();
    let read = from.read_to_string(&mut said);
    // SAFETY: it waits, and keeps nothing.
    unsafe { libc::wait(null_mut()) };
    if read.is_err() || said.is_empty() { "DIED\t".to_string() } else { said }
}
