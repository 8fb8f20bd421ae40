//! Compiles `src/serve/hooks/libc`, the page's clock for shells, into a library that doccheck carries and preloads; and
//! lists the files of `sandbox/`, which it carries too.
//!
//! The library needs nothing of doccheck's own C library: a static doccheck carries one for the pages' programs all
//! the same. Where there is no compiler for the target, or for another system, it is an empty file, and doccheck knows
//! that it has none; that is no reason to fail a build.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a build script talks to cargo and runs a compiler"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The sandbox's data. The files are found here, not listed in code, which names no API.
const SANDBOX: &str = "sandbox";

const FOLDER: &str = "src/serve/hooks/libc";
const SOURCES: [&str; 8] =
    ["programs.c", "readings.c", "arbiter.c", "waits.c", "sleeps.c", "timers.c", "alarms.c", "sockets.c"];

/// No library is needed, nothing of the machine gets in, and a function is looked up when it is called: the process
/// may have none of that name.
const FLAGS: &str = "-shared -fPIC -nostdlib -O2 -g0 -Wall -Wextra -Werror -fvisibility=hidden -fno-stack-protector \
                     -U_FORTIFY_SOURCE -Wl,--build-id=none -Wl,-z,lazy -Wl,-s";

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    list_sandbox();
    println!("cargo:rerun-if-changed={FOLDER}");
    let library = Path::new(&variable("OUT_DIR")).join("clock.so");
    let machine = match (variable("CARGO_CFG_TARGET_OS").as_str(), variable("CARGO_CFG_TARGET_ARCH").as_str()) {
        ("linux", "x86_64") => Some(62),
        ("linux", "aarch64") => Some(183),
        ("linux", "riscv64") => Some(243),
        _ => None,
    };
    let made = machine.is_some_and(|machine| compilers().iter().any(|compiler| compile(compiler, &library, machine)));
    if !made && let Err(error) = fs::write(&library, "") {
        println!("cargo:warning=cannot write {}: {error}", library.display());
    }
}

/// Writes the files of the sandbox as a Rust expression: their paths in it and their texts.
fn list_sandbox() {
    println!("cargo:rerun-if-changed={SANDBOX}");
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")).join(SANDBOX);
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let Ok(path) = file.strip_prefix(&root) else { continue };
        let path = path.to_string_lossy().replace('\\', "/");
        let data = path.ends_with(".toml") || (path.ends_with(".json") && !path.ends_with(".schema.json"));
        if data || path.starts_with("clients/") {
            list.push_str(&format!("    ({path:?}, include_str!({:?})),\n", file.to_string_lossy()));
        }
    }
    list.push_str("]\n");
    if let Err(error) = fs::write(Path::new(&variable("OUT_DIR")).join("sandbox.rs"), list) {
        println!("cargo:warning=cannot list the files of {SANDBOX}: {error}");
    }
}

/// The files below `folder`, without what is hidden and what interpreters leave there.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') || name == "__pycache__" || name == "node_modules" {
            continue;
        }
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}

/// What may be a C compiler for the target, the likeliest first.
fn compilers() -> Vec<String> {
    let target = variable("TARGET");
    let names = [format!("CC_{}", target.replace('-', "_")), format!("CC_{target}"), "TARGET_CC".into(), "CC".into()];
    let mut compilers = Vec::new();
    for name in names {
        println!("cargo:rerun-if-env-changed={name}");
        compilers.push(variable(&name));
    }
    let arch = variable("CARGO_CFG_TARGET_ARCH");
    compilers.extend(["cc", "gcc", "clang"].map(str::to_owned));
    compilers.extend([format!("{arch}-linux-gnu-gcc"), format!("{arch}-linux-musl-gcc")]);
    compilers.retain(|compiler| !compiler.trim().is_empty());
    compilers
}

/// True where `compiler` made the library, for the machine with that number of the ELF format.
fn compile(compiler: &str, library: &Path, machine: u16) -> bool {
    // It may have arguments, as in `ccache gcc`.
    let mut words = compiler.split_whitespace();
    let Some(program) = words.next() else { return false };
    let mut command = Command::new(program);
    command.args(words).args(FLAGS.split_whitespace());
    if machine == 183 {
        // Else atomic operations are functions of the compiler's own library.
        command.arg("-mno-outline-atomics");
    }
    command.args(SOURCES.map(|source| Path::new(FOLDER).join(source))).arg("-o").arg(library);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let succeeded = command.status().is_ok_and(|status| status.success());
    succeeded && fs::read(library).is_ok_and(|bytes| is_for(&bytes, machine))
}

/// True for a 64-bit ELF file in little-endian order for `machine`.
fn is_for(bytes: &[u8], machine: u16) -> bool {
    bytes.starts_with(b"\x7fELF\x02\x01") && bytes.get(18..20) == Some(&machine.to_le_bytes())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
