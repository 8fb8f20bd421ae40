//! What runs in the background, and what doccheck itself asks, beside the clock.

use super::{folder_with, run, run_often};

/// A request of doccheck's own is over when its answer has come, however late doccheck itself gets a processor to see it.
#[test]
fn a_request_that_is_over_lets_no_time_pass_on_a_busy_machine_either() {
    let request = "```http\nGET https://api.truto.one/unified/crm/contacts\n```\n\n\
                   ```http\nHTTP/1.1 401 Unauthorized\n...\n```\n\n";
    let folder = folder_with(&format!("```console background=true\n$ exec sleep 300\n```\n\n{}", request.repeat(12)));
    let run = run_often(folder.path(), 4);
    assert_eq!(run.is_true_but_unchecked().virtual_seconds(), 12.0 * 0.02);
}

/// What does not listen is not waited for until it does: neither in real time nor on the clock.
#[test]
fn a_service_that_works_by_the_clock_has_no_more_of_it_than_others() {
    let page = "```bash background=true\nwhile :; do date +%T >> beat; sleep 4; done\n```\n\n\
                ```bash\nsleep 3\ndate +%T; tail -n 1 beat\n```\n\n```output\n09:00:11\n09:00:08\n```\n";
    let folder = folder_with(page);
    let run = run_often(folder.path(), 3);
    assert_eq!(run.steps()[1]["verdict"], "ok", "{}", run.printed);
}

/// What does something every second would let time pass for ever.
#[test]
fn a_server_with_a_timer_that_nobody_announced_lets_ten_minutes_pass() {
    let page = "```javascript\nimport http from 'node:http'\nhttp.createServer((ask, tell) => tell.end('hi\\n')).listen(8000)\n\
                let beats = 0\nsetInterval(() => beats++, 1000)\n```\n\n\
                ```bash\ndate +%T\ncurl -s localhost:8000\n```\n\n```output\n09:10:00\nhi\n```\n";
    let folder = folder_with(page);
    let run = run_often(folder.path(), 3);
    assert!(run.is_true_but_unchecked().notes(0).contains("it listens on port 8000 and waits"), "{}", run.printed);
    assert_eq!(run.asleep(0), 600.0);
}

/// Node looks every half minute whether a request takes too long.
#[test]
fn a_plain_server_of_node_that_nobody_announced_lets_no_time_pass() {
    let page = "```javascript\nimport http from 'node:http'\nhttp.createServer((ask, tell) => tell.end('hi\\n')).listen(8000)\n```\n\n\
                ```bash\ndate +%T\ncurl -s localhost:8000\n```\n\n```output\n09:00:00\nhi\n```\n";
    let run = run(page);
    assert!(run.is_true_but_unchecked().notes(0).contains("it listens on port 8000 and waits"), "{}", run.printed);
    assert_eq!(run.asleep(0), 0.0);
}

/// What wakes seldom has a day: a key of the sandbox lives for thirty.
#[test]
fn a_server_with_a_daily_job_that_nobody_announced_lets_a_day_pass() {
    let page = "```python\nimport http.server, threading, time\ndef job():\n    while True:\n        time.sleep(86400)\n\
                threading.Thread(target=job, daemon=True).start()\n\
                http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n```\n\n\
                ```bash\ndate +%FT%T\n```\n\n```output\n2026-04-16T09:00:00\n```\n";
    assert_eq!(run(page).is_true_but_unchecked().asleep(0), 86_400.0);
}

#[test]
fn a_step_that_listens_for_a_while_or_sleeps_beside_a_server_is_no_service() {
    let page = "```python ready=port:8000\nimport http.server\n\
                http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n```\n\n\
                ```python\nimport socket, time\nlistener = socket.create_server(('', 8001))\ntime.sleep(4190)\n\
                listener.close()\nprint(time.strftime('%T'))\n```\n\n```output\n10:09:50\n```\n\n\
                ```bash\nfor at in $(seq 200); do sleep 60; done; date +%T\n```\n\n```output\n13:29:50\n```\n";
    let run = run(page);
    assert_eq!(run.is_true_but_unchecked().asleep(2), 12000.0);
    assert!(!run.notes_of_all().contains("runs on as a service"), "{}", run.printed);
}

/// A server of its own, by which it looks every five seconds for more than half an hour, as a job that polls does.
const POLLS: &str = "import http.server, threading, time\n\
                     server = http.server.HTTPServer(('', 8000), http.server.SimpleHTTPRequestHandler)\n\
                     threading.Thread(target=server.serve_forever, daemon=True).start()\n\
                     print('start', flush=True)\n\
                     for _ in range(400): time.sleep(5)\n\
                     print('done')\n\
                     server.shutdown()\n";

#[test]
fn a_step_that_listens_and_has_not_printed_yet_what_the_page_shows_is_no_service() {
    let page = format!(
        "```python\n{POLLS}```\n\n```output\nstart\ndone\n```\n\n\
         ```python file=poll.py\n{POLLS}```\n\n\
         ```bash\ndate +%T; python3 poll.py\n```\n\n```output\n09:33:20\nstart\ndone\n```\n\n\
         ```console\n$ date +%T\n10:06:40\n$ python3 poll.py\nstart\ndone\n$ date +%T\n10:40:00\n```\n"
    );
    run(&page).is_true();
}

/// What it prints later is for a fence further down.
#[test]
fn a_step_that_listens_and_has_printed_what_the_page_shows_is_a_service() {
    let page = format!(
        "```python\n{POLLS}```\n\n```output\nstart\n```\n\n```bash\ndate +%T\n```\n\n```output\n09:10:00\n```\n"
    );
    assert!(run(&page).is_true().notes(0).contains("it listens on port 8000 and waits"));
}
