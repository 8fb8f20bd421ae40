//! Shell steps on the frozen clock: what they print is the same in every run, to the millisecond.

use super::{folder_with, run, run_often};
use crate::invocation::doccheck;

#[test]
fn sleeps_cost_no_time_and_every_clock_of_a_shell_shows_them() {
    let page = r#"
```bash
date -u +%FT%TZ
sleep 60
sleep 1m 30s
echo $SECONDS
date -u +%FT%TZ
printf '%(%s)T\n' -1
echo $EPOCHSECONDS
date -u -d '+1 hour' +%FT%TZ
TIMEFORMAT=%1R
time sleep 2.5
sh -c 'sleep 3; date -u +%T'
```

```text
2026-04-15T09:00:00Z
150
2026-04-15T09:02:30Z
1776243750
1776243750
2026-04-15T10:02:30Z
2.5
09:02:35
```
"#;
    run(page).is_true();
}

/// GNU time, which not every machine has: not the word of bash.
#[test]
fn the_program_time_tells_what_passed_on_the_clock() {
    if !std::path::Path::new("/usr/bin/time").exists() {
        return;
    }
    let page = r#"
```bash
/usr/bin/time -p sleep 3 2>&1 | head -n 1
/usr/bin/time -f '%E of %C, %x' bash -c 'sleep 75.5; exit 4' 2>&1 | tail -n 1
/usr/bin/time -f %e true
```

```text
real 3.00
1:15.50 of bash -c sleep 75.5; exit 4, 4
0.00
```
"#;
    run(page).is_true();
}

#[test]
fn git_dates_its_commits_by_the_clock() {
    let page = r#"
```bash
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
git init -q -b main repository && cd repository
echo 1 > file; git add file; git commit -qm one; sleep 1h
echo 2 > file; git commit -qam two; sleep 90
git log --format='%s %cI %ar'
git log --since='30 minutes ago' --format=%s
git reflog --date=iso | head -n 1
git gc -q && git rev-parse HEAD
```

```text
two 2026-04-15T10:00:00Z 2 minutes ago
one 2026-04-15T09:00:00Z 62 minutes ago
two
[..] HEAD@{2026-04-15 10:00:00 +0000}: commit: two
cc20395b7fc2ea3c06061b3de1be37074ee67e08
```
"#;
    run(page).is_true();
}

#[test]
fn background_jobs_wake_in_the_order_of_their_times() {
    let page = r#"
```bash
(sleep 3; echo c) & (sleep 1; echo a) & (sleep 2; echo b) &
wait
echo $SECONDS
```

```text
a
b
c
3
```

```bash
for i in 1 2 3; do sleep 60; echo "slow $i"; done &
for i in 1 2 3 4 5 6 7 8; do sleep 25; echo "fast $i"; done &
wait
echo $SECONDS
```

```text
fast 1
fast 2
slow 1
fast 3
fast 4
slow 2
fast 5
fast 6
fast 7
slow 3
fast 8
203
```
"#;
    run(page).is_true();
}

/// Each job starts its `sleep` when it gets a processor: the order of these programs tells nothing.
#[test]
fn jobs_that_wake_at_the_same_instant_go_on_in_the_order_in_which_they_were_started() {
    let jobs = "(sleep 1; echo a) & (sleep 1; echo b) & python3 -c 'import time; time.sleep(1); print(\"c\")' & \
                (sleep 1; echo d) & wait\n";
    let page = format!("```bash\n{}```\n\n```output\n{}```\n", jobs.repeat(4), "a\nb\nc\nd\n".repeat(4));
    run(&page).is_true();
}

#[test]
fn time_stands_still_between_steps() {
    let page = r#"
```bash
sleep 10 &
sleep 4
date -u +%T
```

```text
09:00:04
```

```bash
date -u +%T
wait
date -u +%T
```

```text
09:00:04
09:00:10
```
"#;
    run(page).is_true();
}

#[test]
fn time_limits_of_the_shell_are_on_the_clock() {
    let page = r#"
<!-- doccheck: name=limits -->

```bash
mkfifo pipe
timeout 5 sleep 60; echo $? $SECONDS
timeout 5 sleep 2; echo $? $SECONDS
{ timeout --kill-after 2 3 bash -c 'trap "" TERM; sleep 4; sleep 60'; echo $? $SECONDS; } 2>/dev/null
read -t 6 line <>pipe; echo $? $SECONDS
read -t 6 line < <(sleep 2; echo word); echo $? $line $SECONDS
(flock 9; sleep 9) 9>lock & sleep 1; flock -w 5 lock true; echo $? $SECONDS; wait
TMOUT=7; read line <>pipe; echo $? $SECONDS
trap 'echo stopped' TERM
(sleep 3; kill $$) & sleep 5; echo $SECONDS
```

```text
124 5
0 7
137 12
142 18
0 word 20
1 26
142 36
stopped
41
```
"#;
    run(page).is_true();
}

#[test]
fn a_loop_that_asks_for_the_time_comes_to_its_end() {
    let page = r#"
<!-- doccheck: name=spin -->

```bash
end=$(($(date +%s) + 30))
while [ $(date +%s) -lt $end ]; do :; done
date -u +%T
end=$((SECONDS + 10))
until ((SECONDS >= end)); do :; done
date -u +%T
end=$((SECONDS + 10))
until ((SECONDS >= end)); do sleep 1; done
date -u +%T
```

```text
09:00:30
09:00:40
09:00:50
```
"#;
    run(page).is_true();
}

#[test]
fn jitter_is_the_same_in_every_run() {
    let page = r#"
```bash
echo $RANDOM
bash -c 'echo $RANDOM'
```

```text
16807
16807
```
"#;
    run(page).is_true();
}

#[test]
fn an_answer_without_a_body_takes_no_longer_than_others() {
    let page = r#"
```bash
api=https://api.hubapi.com/crm/v3/objects/contacts
ask() { curl -sS --max-time 1 -w ' %{http_code} %{http_version} %{time_total}\n' -H "Authorization: Bearer $HUBSPOT_CUST_12345_ACCESS_TOKEN" "$@"; }
ask -o list.json $api
ask -X DELETE $api/1001
ask -X DELETE --http1.1 $api/1002
```

```text
 200 2 0.200000
 204 2 0.200000
 204 1.1 0.200000
```
"#;
    run(page).is_true();
}

#[test]
fn curl_waits_between_its_tries() {
    let page = r#"
<!-- doccheck: fault="429:reset=60x2" -->

```bash
curl -sS --retry 3 -o answer.json -w '%{http_code} %{time_total}\n' \
  "https://api.truto.one/unified/crm/contacts?integrated_account_id=$ACCOUNT_ID&limit=1" \
  -H "Authorization: Bearer $TRUTO_API_KEY" 2>/dev/null
echo $SECONDS
```

```text
200 0.200000
120
```

<!-- doccheck: fault=500x2 -->

```bash
curl -sS --retry 3 --retry-delay 7 -o answer.json -w '%{http_code}\n' \
  "https://api.truto.one/unified/crm/contacts?integrated_account_id=$ACCOUNT_ID&limit=1" \
  -H "Authorization: Bearer $TRUTO_API_KEY" 2>/dev/null
echo $SECONDS
```

```text
200
134
```
"#;
    let run = run(page);
    // No more than what the answer and the option ask for.
    assert_eq!(run.is_true().asleep(0), 120.0);
    assert_eq!(run.asleep(1), 14.0);
}

#[test]
fn wget_waits_between_its_tries() {
    let page = r#"
<!-- doccheck: fault=503x2 -->

```bash
wget -q --tries=4 --waitretry=10 --retry-on-http-error=503 -O answer.json \
  --header "Authorization: Bearer $TRUTO_API_KEY" \
  "https://api.truto.one/unified/crm/contacts?integrated_account_id=$ACCOUNT_ID&limit=1"
echo $? $SECONDS
```

```text
0 3
```
"#;
    run(page).is_true();
}

#[test]
fn wget_keeps_to_the_rate_that_it_was_told() {
    let page = r#"
```bash
seq 700 > small
python3 -m http.server 8000 >/dev/null 2>&1 & sleep 1
get() { wget -q "$@" -O got; date +%T.%1N; }
get --limit-rate=1k localhost:8000/small; cmp small got
get --limit-rate=1k localhost:8000/small; cmp small got
wget localhost:8000/small -O got 2>&1 | grep saved
kill $!
```

```text
09:00:03.6
09:00:06.2
2026-04-15 09:00:06 (5.13 MB/s) - [..] saved [2692/2692]
```
"#;
    run(page).is_true();
}

/// In which pieces it comes is not the same in every run, and each is a sleep that ends at a whole millisecond.
#[test]
fn wget_keeps_to_its_rate_with_more_than_the_kernel_keeps_between_the_two() {
    let page = r#"
```bash
seq 700000 > large
python3 -m http.server 8000 >/dev/null 2>&1 & sleep 1
wget -q --limit-rate=1000k -O got localhost:8000/large; date +%T; cmp large got
kill $!
```

```text
09:00:05
```
"#;
    run_often(folder_with(page).path(), 1).is_true();
}

/// A program that sends in small pieces, of which the kernel would keep the second for 40 ms.
#[test]
fn bytes_on_their_way_are_not_overtaken() {
    let page = r#"
```python file=server.py
import socket

listener = socket.create_server(("127.0.0.1", 8000))
while True:
    connection, _ = listener.accept()
    connection.recv(1)
    connection.sendall(b"one\n")
    connection.recv(1)
    connection.recv(1)
    connection.sendall(b"two\n")
    connection.close()
```

```bash ready=port:8000
python3 server.py
```

<!-- doccheck: name=pieces -->

```bash
exec 5<>/dev/tcp/127.0.0.1/8000
printf a >&5; read -t 60 line <&5; echo "$? $line $SECONDS"
printf b >&5; printf c >&5; read -t 60 line <&5; echo "$? $line $SECONDS"
```

```text
0 one 0
0 two 0
```
"#;
    run(page).is_true();
}

#[test]
fn curls_side_by_side_all_come_back() {
    let page = r#"
```bash
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  curl -sS -o "$i.json" -w '%{http_code}\n' \
    "https://api.truto.one/unified/crm/contacts?integrated_account_id=$ACCOUNT_ID&limit=$i" \
    -H "Authorization: Bearer $TRUTO_API_KEY" &
done | sort | uniq -c
```

```text
     12 200
```
"#;
    run(page).is_true();
}

#[test]
fn a_server_that_is_slow_meets_the_time_limits_of_its_clients() {
    let page = r#"
```python file=server.py
import http.server, time


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(30)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"late\n")

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 8000), Handler).serve_forever()
```

```bash ready=port:8000
python3 server.py
```

```bash name=limits
curl -s -m 5 -w '%{time_total}\n' localhost:8000; echo $? $SECONDS
curl -s -m 60 localhost:8000; echo $? $SECONDS
wget -q --no-proxy -T 5 -t 1 -O - localhost:8000; echo $? $SECONDS
wget -q --no-proxy -T 60 -O - localhost:8000; echo $? $SECONDS
timeout 7 curl -s localhost:8000; echo $? $SECONDS
```

```text
5.000000
28 5
late
0 35
4 40
late
0 70
124 77
```
"#;
    run(page).is_true();
}

#[test]
fn bash_python_and_node_share_a_clock() {
    let page = r#"
```bash name=together
python3 -c '
import time, datetime
for turn in range(3):
    time.sleep(40)
    print("python", datetime.datetime.now(datetime.timezone.utc).strftime("%T"))' &
node -e '
let turn = 0
const timer = setInterval(() => {
  console.log("node", new Date().toISOString().slice(11, 19))
  if (++turn === 2) clearInterval(timer)
}, 50000)' &
for turn in 1 2 3; do sleep 30; echo "bash $(date -u +%T)"; done
wait
date -u +%T
```

```text
bash 09:00:30
python 09:00:40
node 09:00:50
bash 09:01:00
python 09:01:20
bash 09:01:30
node 09:01:40
python 09:02:00
09:02:00
```

```python
import subprocess, time

start = time.time()
subprocess.run(["bash", "-c", "sleep 45"])
print(round(time.time() - start))
try:
    subprocess.run(["sleep", "60"], timeout=20)
except subprocess.TimeoutExpired:
    print(round(time.time() - start))
```

```text
45
65
```
"#;
    run(page).is_true();
}

/// The loader would take the blank for the end of the library's name.
/// What a job does when it has woken is over before the next one wakes, also where it reads the clock.
#[test]
fn jobs_of_the_same_instant_come_in_turn_with_all_that_they_do() {
    let page = r#"
```bash
work() { for i in 1 2; do sleep 2; echo "$1 $i $(date +%T.%6N)"; done; }
work a & work b & work c & wait
seq 4 | xargs -P 4 -I{} sh -c 'sleep 1; echo {} $(date +%6N)'
```

```output
a 1 09:00:02.000001
b 1 09:00:02.000002
c 1 09:00:02.000003
a 2 09:00:04.001001
b 2 09:00:04.001002
c 2 09:00:04.001003
1 002001
2 002002
3 002003
4 002004
```
"#;
    run(page).is_true();
}

/// A loop that looks again and again gets no further by the clock alone: what it waits for comes all the same.
#[test]
fn a_loop_that_waits_for_no_time_comes_to_its_end() {
    let page = "
```bash
(sleep 3; touch ready) &
until [ -f ready ]; do sleep 0; done; date +%T.%N
rm ready
(sleep 3; touch ready) &
until [ -f ready ]; do date >/dev/null; done; date +%T.%N
```

```output
09:00:03.150001000
09:00:06.350001000
```
";
    assert!(run(page).is_true().is_reproducible());
    let page = "
```bash
(sleep 60; touch ready) &
until ls ready >/dev/null 2>&1; do :; done; date +%T
```

```output
09:01:00
```
";
    assert!(!run(page).is_true().is_reproducible());
}

#[test]
fn without_the_library_bash_asks_python_and_the_report_says_so() {
    let page = r#"
```bash
sleep 1m
sleep 30 & bash -c 'sleep 5; date -u +%T'
wait
date -u +%FT%TZ
bash -xc 'echo $RANDOM'
```

```text
09:01:05
2026-04-15T09:01:30Z
+ echo 16807
16807
```
"#;
    let folder = folder_with(page);
    let temporary = folder.path().join("a $b");
    std::fs::create_dir(&temporary).expect("a folder can be made");
    let mut command = doccheck();
    command.current_dir(folder.path()).env("TMPDIR", &temporary).args(["run", "page.md"]);
    let output = command.output().expect("doccheck starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let note =
        "in shells only `sleep` and `date` are in virtual time, through Python: the folder for temporary files has";
    assert!(told.contains(note), "{told}");
}
