//! Python programs in virtual time: whatever they wait with takes exactly as long as they asked for, and nobody can
//! tell. Durations are printed by the programs, and the page says what is right.

use super::{Run, run};

/// Measures waits. `took` tells how long one took and what came of it.
const TOOLS: &str = r#"
import time

def took(wait, *given, **named):
    begin = time.monotonic()
    try:
        result = wait(*given, **named)
    except Exception as error:
        result = type(error).__name__
    print(wait.__name__, round(time.monotonic() - begin, 2), result)
"#;

/// Runs a program that prints exactly this.
fn prints(program: &str, expected: &str) -> Run {
    let page = format!("```python\n{}{program}\n```\n\n```output\n{}\n```\n", TOOLS.trim_start(), expected.trim());
    let run = run(&page);
    run.is_true();
    run
}

#[test]
fn every_clock_shows_the_same_time() {
    let program = r#"
import datetime, logging, pickle, uuid
from email.utils import formatdate

wall, steady = time.time(), time.monotonic()
time.sleep(45 * 60)
print(round(time.time() - wall, 2), round(time.monotonic() - steady, 2), round(time.perf_counter() - steady, 2))
print(time.strftime("%H:%M"), time.ctime()[:16], time.gmtime().tm_min, time.asctime()[11:16], formatdate()[:22])
now = datetime.datetime.now(datetime.timezone.utc)
print(now.isoformat(timespec="minutes"), datetime.date.today(), datetime.datetime.today().strftime("%X")[:5])


class Own(datetime.datetime):
    pass


print(type(Own.now()) is Own, type(now) is datetime.datetime, pickle.loads(pickle.dumps(now)) == now)
print(pickle.loads(pickle.dumps(time.sleep)) is time.sleep, time.sleep, time.time.__name__)
print(logging.Formatter().formatTime(logging.makeLogRecord({"created": time.time(), "msecs": 0})))
print(datetime.timedelta(microseconds=(uuid.uuid1().time - 0x01B21DD213814000) // 10 - int(wall * 1e6)).seconds)
for wrong in (-1, "1"):
    took(time.sleep, wrong)
"#;
    prints(
        program,
        r#"
2700.0 2700.0 2700.0
09:45 Wed Apr 15 09:45 45 09:45 Wed, 15 Apr 2026 09:45
2026-04-15T09:45+00:00 2026-04-15 09:45
True True True
True <built-in function sleep> time
2026-04-15 09:45:00,000
2700
sleep 0.0 ValueError
sleep 0.0 TypeError
"#,
    );
}

#[test]
fn a_loop_on_the_clock_ends() {
    let program = r#"
begin, turns = time.monotonic(), 0
while time.monotonic() - begin < 5:
    turns += 1
print(turns > 100, round(time.monotonic() - begin, 2))
"#;
    prints(program, "True 5.0");
}

#[test]
fn threads_wait_for_each_other() {
    let program = r#"
import concurrent.futures as futures, queue, threading


def later(seconds, call, *given):
    def run():
        time.sleep(seconds)
        call(*given)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


lock = threading.Lock()
lock.acquire()
took(lock.acquire, timeout=3)
later(2, lock.release)
took(lock.acquire, timeout=9)
entry = threading.RLock()
later(0, lambda: entry.acquire() and time.sleep(4) or entry.release())
time.sleep(0.5)
took(entry.acquire, timeout=1)
took(entry.acquire, timeout=9)
event = threading.Event()
took(event.wait, 7)
later(2, event.set)
took(event.wait, 7)
took(threading.Semaphore(0).acquire, timeout=1.5)
took(threading.Barrier(2).wait, 2)
condition = threading.Condition()
with condition:
    took(condition.wait_for, lambda: False, 3)
thread = later(10, print, "done")
took(thread.join, 4)
took(thread.join, 40)
timer = threading.Timer(2.5, print, ["timer"])
timer.start()
took(timer.join)
for jobs in (queue.Queue(), queue.SimpleQueue()):
    took(jobs.get, timeout=2)
    later(1, jobs.put, "job")
    took(jobs.get, timeout=2)
with futures.ThreadPoolExecutor(3) as pool:
    future = pool.submit(time.sleep, 5)
    took(future.result, timeout=2)
    took(future.result, timeout=9)
    naps = [pool.submit(time.sleep, seconds) for seconds in (3, 1, 2)]
    print([naps.index(nap) for nap in futures.as_completed(naps)])
took(threading.active_count)
"#;
    prints(
        program,
        r#"
acquire 3.0 False
acquire 2.0 True
acquire 1.0 False
acquire 2.5 True
wait 7.0 False
wait 2.0 True
acquire 1.5 False
wait 2.0 BrokenBarrierError
wait_for 3.0 False
join 4.0 None
done
join 6.0 None
timer
join 2.5 None
get 2.0 Empty
get 1.0 job
get 2.0 Empty
get 1.0 job
result 2.0 TimeoutError
result 3.0 None
[1, 2, 0]
active_count 0.0 1
"#,
    );
}

/// A pool's threads do it as often as they get to: it must not show how often.
#[test]
fn looking_whether_a_connection_has_something_does_not_move_the_clock() {
    let page = r#"
```python
import multiprocessing, time
from multiprocessing.connection import wait

one, other = multiprocessing.Pipe()
begin = time.monotonic_ns()
print({one.poll() for _ in range(3000)}, wait([one, other], 0), (time.monotonic_ns() - begin) // 1000)
begin = time.monotonic()
print(one.poll(2.5), wait([one, other], 1), round(time.monotonic() - begin, 2))
other.send("word")
print(one.poll(), one.poll(5), wait([one, other]) == [one], one.recv(), round(time.monotonic() - begin, 2))
```

```output
{False} [] 1
False [] 3.5
True True True word 3.5
```
"#;
    run(page).is_true();
}

#[test]
fn event_loops_turn_without_moving_the_clock() {
    let program = r#"
import asyncio, sys


async def measured(name, wait):
    begin = time.monotonic()
    try:
        result = await wait
    except Exception as error:
        result = type(error).__name__
    print(name, round(time.monotonic() - begin, 2), result)


order = []


async def nap(name, seconds):
    await asyncio.sleep(seconds)
    order.append(name)


async def answer(reader, writer):
    await asyncio.sleep(3)
    writer.write(b"hi")
    writer.close()


async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = await reader.read()
    writer.close()
    return answer


async def main():
    loop = asyncio.get_running_loop()
    await measured("sleep", asyncio.sleep(60, "slept"))
    await measured("gather", asyncio.wait_for(asyncio.gather(*(nap(name, 2) for name in "abcdefgh")), 9))
    print("".join(order))
    await measured("wait_for", asyncio.wait_for(asyncio.Event().wait(), 3))
    await measured("to_thread", asyncio.to_thread(time.sleep, 4))
    jobs = asyncio.Queue()
    loop.call_later(2, jobs.put_nowait, "job")
    await measured("call_later", jobs.get())
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await measured("streams", ask(port))
    await measured("impatient", asyncio.wait_for(ask(port), 1))
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(3)")
    await measured("child", child.wait())
    begin, turns = loop.time(), 0
    while loop.time() - begin < 10:
        await asyncio.sleep(0.5)
        turns += 1
    print(turns)


asyncio.run(main())
"#;
    prints(
        program,
        r#"
sleep 60.0 slept
gather 2.0 [None, None, None, None, None, None, None, None]
abcdefgh
wait_for 3.0 TimeoutError
to_thread 4.0 None
call_later 2.0 job
streams 3.0 b'hi'
impatient 1.0 TimeoutError
child 3.0 0
20
"#,
    );
}

#[test]
fn a_program_may_wait_without_a_loop_of_its_own() {
    let page = "```python\nimport asyncio\nawait asyncio.sleep(30)\n```\n";
    assert_eq!(run(page).asleep(0).round(), 30.0);
}

#[test]
fn descriptors_are_waited_for() {
    let program = r#"
import select, selectors, socket, threading

near, far = socket.socketpair()


def send_later(seconds):
    def run():
        time.sleep(seconds)
        far.send(b"x")

    threading.Thread(target=run).start()


poll, selector = select.poll(), selectors.DefaultSelector()
poll.register(near, select.POLLIN)
selector.register(near, selectors.EVENT_READ)
took(lambda: select.select([near], [], [], 2)[0])
took(lambda: select.select([], [], [], 0.25)[0])
took(lambda: poll.poll(1500))
took(lambda: selector.select(0.5))
for wait in (lambda: select.select([near], [], [], 9)[0], lambda: poll.poll(9000), lambda: selector.select(9)):
    send_later(1)
    took(lambda: len(wait()))
    near.recv(1)
"#;
    prints(
        program,
        r#"
<lambda> 2.0 []
<lambda> 0.25 []
<lambda> 1.5 []
<lambda> 0.5 []
<lambda> 1.0 1
<lambda> 1.0 1
<lambda> 1.0 1
"#,
    );
}

#[test]
fn time_outs_of_sockets_are_instants_of_the_page() {
    let program = r#"
import http.client, http.server, socket, threading, urllib.request


class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        try:
            for letter in b"abc":
                time.sleep(float(self.path[1:]))
                self.wfile.write(bytes([letter]))
        except OSError:
            pass

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d" % server.server_port


def get(path, **named):
    return urllib.request.urlopen(url + path, **named).read()


took(get, "/2", timeout=3)
took(get, "/4", timeout=3)
took(get, "/4")
server.shutdown()
near, far = socket.socketpair()
near.settimeout(3)
print(near.gettimeout(), near.timeout, near.getblocking())
took(near.recv, 1)
took(near.sendall, bytes(10_000_000))
listener = socket.create_server(("127.0.0.1", 0))
listener.settimeout(2)
took(listener.accept)
client = socket.create_connection(listener.getsockname(), 4)
took(client.makefile("rb").read, 1)
print(listener.accept()[0].gettimeout())
socket.setdefaulttimeout(2.5)
took(socket.create_connection(listener.getsockname()).recv, 1)
print(socket.getdefaulttimeout())
near.setblocking(False)
took(near.recv, 1)
"#;
    prints(
        program,
        r#"
get 6.0 b'abc'
get 3.0 TimeoutError
get 12.0 b'abc'
3.0 3.0 True
recv 3.0 TimeoutError
sendall 3.0 TimeoutError
accept 2.0 TimeoutError
read 4.0 TimeoutError
None
recv 2.5 TimeoutError
2.5
recv 0.0 BlockingIOError
"#,
    );
}

#[test]
fn a_server_without_requests_makes_nothing_happen() {
    let program = r#"
import http.server, threading, urllib.request

handler = http.server.SimpleHTTPRequestHandler
handler.log_message = lambda *_: None
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
for _ in range(2):
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    time.sleep(2700.25)
    print(urllib.request.urlopen("http://127.0.0.1:%d" % server.server_port, timeout=3).status)
    # Looking every half second whether it is to end, it would end half a second from the last look.
    took(server.shutdown)
    thread.join()
server.timeout = 5
took(server.handle_request)
"#;
    prints(program, "200\nshutdown 0.0 None\n200\nshutdown 0.0 None\nhandle_request 5.0 None");
}

#[test]
fn processes_wait_for_each_other() {
    let program = r#"
import multiprocessing, os, queue, subprocess, sys


def child(seconds, **named):
    code = f"import time; time.sleep({seconds}); print('slept')"
    return subprocess.run([sys.executable, "-c", code], text=True, stdout=subprocess.PIPE, **named).stdout.strip()


took(child, 4)
took(child, 4, timeout=2)
process = subprocess.Popen(["sleep", "5"])
took(process.wait, 1)
took(process.wait, 60)
took(os.system, "sleep 3")
forked = os.fork()
if forked == 0:
    time.sleep(2)
    os._exit(7)
took(lambda: os.waitpid(forked, 0)[1] >> 8)
context = multiprocessing.get_context("fork")


def put(jobs, seconds):
    time.sleep(seconds)
    jobs.put("job")


def hold(lock, held, seconds):
    with lock:
        held.set()
        time.sleep(seconds)


with context.Pool(2) as pool:
    took(pool.map, time.sleep, [2, 2, 2, 2], 1)
    took(pool.map_async(time.sleep, [5]).get, 3)
jobs, lock, event = context.Queue(), context.Lock(), context.Event()
took(jobs.get, timeout=2)
worker = context.Process(target=put, args=(jobs, 3))
worker.start()
took(jobs.get, timeout=9)
took(event.wait, 2)
worker = context.Process(target=hold, args=(lock, event, 5))
worker.start()
event.wait()
took(lock.acquire, timeout=2)
took(lock.acquire, timeout=60)
took(worker.join, 1)
"#;
    prints(
        program,
        r#"
child 4.0 slept
child 2.0 TimeoutExpired
wait 1.0 TimeoutExpired
wait 4.0 0
system 3.0 0
<lambda> 2.0 7
map 4.0 [None, None, None, None]
get 3.0 TimeoutError
get 2.0 Empty
get 3.0 job
wait 2.0 False
acquire 2.0 False
acquire 3.0 True
join 0.0 None
"#,
    );
}

#[test]
fn processes_that_are_spawned_share_the_clock() {
    let page = r#"
```python title="spawned.py"
import multiprocessing, time

def nap(seconds):
    time.sleep(seconds)
    return seconds

def hold(lock, held, seconds):
    with lock:
        held.set()
        time.sleep(seconds)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        begin = time.monotonic()
        pool.map(nap, [2, 2, 2, 2], 1)
        print(round(time.monotonic() - begin, 2))
    lock, held = context.Lock(), context.Event()
    worker = context.Process(target=hold, args=(lock, held, 5))
    worker.start()
    held.wait()
    begin = time.monotonic()
    print(lock.acquire(timeout=2), lock.acquire(timeout=60), round(time.monotonic() - begin, 2))
    worker.join()
```

```bash
python3 spawned.py
```

```output
4.0
False True 5.0
```
"#;
    run(page).is_true();
}

#[test]
fn alarms_ring_while_the_program_waits() {
    let program = r#"
import os, signal, threading

rung = []
print(signal.signal(signal.SIGALRM, lambda *_: rung.append(round(time.monotonic(), 1))))
begin = round(time.monotonic(), 1)
signal.setitimer(signal.ITIMER_REAL, 1, 2)
took(time.sleep, 6.5)
print([at - begin for at in rung], [round(left, 2) for left in signal.setitimer(signal.ITIMER_REAL, 0)])


def ring(number, frame):
    raise TimeoutError(frame.f_code.co_name)


signal.signal(signal.SIGALRM, ring)
print(signal.getsignal(signal.SIGALRM) is ring)
for wait, given in ((time.sleep, 50), (threading.Event().wait, 50), (lambda end: os.read(end, 1), os.pipe()[0])):
    signal.alarm(3)
    took(wait, given)
signal.alarm(10)
time.sleep(4)
print(signal.alarm(0))
took(time.sleep, 20)
took(signal.sigtimedwait, [signal.SIGUSR1], 2)
"#;
    prints(
        program,
        r#"
0
sleep 6.5 None
[1.0, 3.0, 5.0] [0.5, 2.0]
True
sleep 3.0 TimeoutError
wait 3.0 TimeoutError
<lambda> 3.0 TimeoutError
6
sleep 20.0 None
sigtimedwait 2.0 None
"#,
    );
}

#[test]
fn chance_that_decides_waits_is_the_same_in_every_run() {
    let page = "
```python
import os, random, uuid
print(random.random(), hash('a'), uuid.uuid1(), flush=True)
child = os.fork()
if child == 0:
    print(random.random(), flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1])
```

```output
what it printed is shown where that is not this
```
";
    let printed = || {
        let run = run(page);
        let checks = run.steps()[0]["checks"].as_array().expect("a step has checks").clone();
        let output = checks.into_iter().find(|check| check["kind"] == "output").expect("the output is compared");
        output["actual"].as_str().expect("it is shown").to_owned()
    };
    let first = printed();
    assert_eq!(first.lines().count(), 3, "{first}");
    assert_eq!(printed(), first);
}

#[test]
fn tracebacks_show_what_the_program_does_and_no_more() {
    let page = r#"
```python title="slow.py"
import socket, time, traceback

near, far = socket.socketpair()
near.settimeout(2)
try:
    near.recv(1)
except OSError:
    traceback.print_exc()
time.sleep(-1)
```

<!-- doccheck: exit=0 -->

```bash
python3 slow.py 2>&1 | sed '/\^/d; s|/.*/||'
```

```output
Traceback (most recent call last):
  File "slow.py", line 6, in <module>
    near.recv(1)
TimeoutError: timed out
Traceback (most recent call last):
  File "slow.py", line 9, in <module>
    time.sleep(-1)
ValueError: sleep length must be non-negative
```
"#;
    run(page).is_true();
}

#[test]
fn a_program_waits_for_the_sandbox_as_long_as_that_takes() {
    let page = r#"---
doccheck:
  scopes: [contacts.read]
---

<!-- doccheck: fault="latency:30s" -->

```python
import os, socket, time, urllib.request

def get(**named):
    request = urllib.request.Request("https://api.truto.one/crm/contacts")
    request.add_header("Authorization", "Bearer " + os.environ["TRUTO_API_KEY"])
    request.add_header("X-Tenant-ID", "cust_12345")
    begin = time.monotonic()
    try:
        return urllib.request.urlopen(request, **named).status, round(time.monotonic() - begin, 1)
    except OSError as error:
        return error, round(time.monotonic() - begin, 1)

print(get(timeout=5))
print(get(timeout=60))
print(get())
```

```output
(TimeoutError('The read operation timed out'), 5.0)
(200, 30.2)
(200, 30.2)
```
"#;
    let run = run(page);
    assert!(run.is_true().is_reproducible());
}

#[test]
fn a_loop_that_waits_for_no_time_comes_to_its_end() {
    let page = r#"
```python
import asyncio, select, selectors, threading, time

async def main():
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(1, done.set)
    while not done.is_set():
        await asyncio.sleep(0)

def poll(look):
    done = threading.Event()
    threading.Timer(1, done.set).start()
    while not done.is_set():
        look()
    print(time.strftime("%T"))

asyncio.run(main())
print(time.strftime("%T"))
poll(lambda: time.sleep(0))
poll(lambda: select.select([], [], [], 0))
poll(lambda: selectors.DefaultSelector().select(0))
```

```output
09:00:01
09:00:02
09:00:03
09:00:04
```
"#;
    assert!(run(page).is_true().is_reproducible());
}

#[test]
fn steps_of_one_interpreter_share_its_clock_and_time_stands_between_them() {
    let page = "
```python
import time
begin = time.monotonic()
time.sleep(60)
```

```bash
sleep 60
```

```python
time.sleep(60)
print(round(time.monotonic() - begin))
```

```output
180
```
";
    assert_eq!(run(page).is_true().virtual_seconds().round(), 180.0);
}
