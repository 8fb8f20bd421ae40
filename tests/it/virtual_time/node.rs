//! Programs of Node on the page's clock: every reading, every timer and time-out, every thread and process.
//!
//! The pages stand beside this file, in `node/`: each says what its programs print and how long they wait.

use std::process::Command;

use super::run;

#[test]
fn every_clock_of_node_tells_the_pages_time() {
    assert!(run(include_str!("node/readings.md")).is_true().is_reproducible());
}

#[test]
fn timers_run_in_nodes_order() {
    run(include_str!("node/timers.md")).is_true();
}

#[test]
fn programs_end_as_they_do_in_real_time() {
    run(include_str!("node/endings.md")).is_true();
}

#[test]
fn time_outs_of_clients_and_servers_are_deadlines_on_the_pages_clock() {
    run(include_str!("node/network.md")).is_true();
}

#[test]
fn waiting_for_an_api_costs_nothing() {
    let run = run(include_str!("node/budget.md"));
    assert!((run.is_true().asleep(0) - 46.0 * 60.0).abs() < 0.1);
}

#[test]
fn threads_and_processes_agree_on_the_time() {
    run(include_str!("node/threads.md")).is_true();
}

#[test]
fn a_server_of_the_page_may_sleep() {
    run(include_str!("node/service.md")).is_true();
}

/// Whatever the page's clock lacks, no program runs on half of it.
#[test]
fn a_program_without_its_clock_does_not_run() {
    let hook = concat!(env!("CARGO_MANIFEST_DIR"), "/src/serve/hooks/preload.cjs");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let start = || {
        let program = ["--require", hook, "-e", "console.log('runs')"];
        let output =
            Command::new("node").args(program).env("DOCCHECK_CLOCK", folder.path()).output().expect("Node starts");
        assert_eq!((output.status.code(), output.stdout), (Some(97), Vec::new()));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(start().starts_with("doccheck: cannot give this program the world's clock: ENOENT"));
    std::fs::write(folder.path().join("now"), [1; 23]).expect("a file can be written");
    assert!(start().contains("is no clock"));
    std::fs::write(folder.path().join("now"), [1; 24]).expect("a file can be written");
    assert!(start().starts_with("doccheck: cannot give this program the world's clock: "));
}
