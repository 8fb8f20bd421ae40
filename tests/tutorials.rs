//! Every page under `tutorials/` is a test.

fn main() -> std::process::ExitCode {
    doccheck::harness::run("tutorials")
}
