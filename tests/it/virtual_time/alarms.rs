//! Alarms, timers and time limits of the kernel that no hook reaches: the world waits for them.

use super::{folder_with, run, run_often};

#[test]
fn an_alarm_rings_in_real_time_before_what_is_due_later() {
    let page = r#"
```bash
(sleep 60; echo later) &
perl -MPOSIX -e '$SIG{ALRM} = sub { print "rang at ", `date +%S.%1N` }; alarm 1; pause'
perl -MTime::HiRes=ualarm,setitimer,ITIMER_REAL -MPOSIX -e '
  $SIG{ALRM} = sub { print "rang at ", `date +%S.%1N` };
  ualarm 200_000; pause;
  setitimer(ITIMER_REAL, 0.2, 0.3); pause; pause; setitimer(ITIMER_REAL, 0)'
wait; date +%T
```

```output
rang at 01.0
rang at 01.2
rang at 01.4
rang at 01.7
later
09:01:00
```
"#;
    let run = run(page);
    assert_eq!(run.is_true().real(0), [("perl".to_owned(), 1.7)]);
    assert!(run.notes(0).contains("waited 1.7 s in real time"), "{}", run.notes(0));
}

#[test]
fn an_alarm_lives_on_in_the_program_that_its_process_becomes() {
    let page = "```bash\nbash -c 'perl -e \"alarm 1; exec q(sleep), 10\"; echo $?' 2>/dev/null; date +%S.%1N\n```\n\n\
                ```output\n142\n01.0\n```\n";
    run(page).is_true();
}

/// Whoever sets one as a time limit for what it does sets it back: nobody has waited for it.
#[test]
fn an_alarm_that_is_set_back_or_whose_process_ends_holds_nobody_up() {
    let page = "```bash\nperl -e 'alarm 500; alarm 0; print `sleep 300; date +%S.%1N`'\n\
                perl -e 'alarm 500; exec \"date\", \"+%S.%1N\"'; sleep 300; date +%S.%1N\n```\n\n\
                ```output\n00.0\n00.0\n00.0\n```\n";
    let run = run(page);
    assert_eq!((run.is_true().real(0), run.asleep(0).round()), (vec![], 600.0));
}

#[test]
fn timers_of_the_kernel_ring_in_real_time_as_long_as_they_are_there() {
    let page = r#"
```python
import ctypes, os, signal, struct, time
kernel = ctypes.CDLL(None)
began = time.time()
passed = lambda: round(time.time() - began, 2)
once = lambda seconds: struct.pack("qqqq", 0, 0, int(seconds), int(seconds % 1 * 1e9))

def timer(clock):
    made = ctypes.c_void_p()
    assert kernel.timer_create(clock, None, ctypes.byref(made)) == 0
    return made

descriptor = kernel.timerfd_create(time.CLOCK_MONOTONIC, 0)
kernel.timerfd_settime(descriptor, 0, once(0.5), None)
os.read(descriptor, 8)
print("read", passed())
kernel.timerfd_settime(descriptor, 0, once(100), None)
os.close(descriptor)

signal.signal(signal.SIGALRM, lambda *_: print("rang", passed()))
kernel.timer_settime(timer(time.CLOCK_MONOTONIC), 0, once(0.5), None)
signal.pause()
deleted = timer(time.CLOCK_MONOTONIC)
kernel.timer_settime(deleted, 0, once(100), None)
kernel.timer_delete(deleted)
kernel.timer_settime(timer(time.CLOCK_PROCESS_CPUTIME_ID), 0, once(100), None)
time.sleep(50)
print("slept", passed())
```

```output
read 0.5
rang 1.0
slept 51.0
```
"#;
    let run = run(page);
    assert_eq!(run.is_true().real(0), [("python3".to_owned(), 1.0)]);
}

/// What is due before it happens before it, though its program computes or sleeps for short all the time.
#[test]
fn what_is_due_before_an_alarm_does_not_wait_for_a_program_that_is_busy_until_then() {
    let page = r#"
```bash
(sleep 0.3; echo "job at $(date +%S.%1N)") &
perl -e '$SIG{ALRM} = sub { exit }; alarm 1; 1 while 1'; echo "rang at $(date +%S.%1N)"
(sleep 0.8; echo "job at $(date +%S.%1N)") &
perl -e '$SIG{ALRM} = sub { exit }; alarm 1; select(undef, undef, undef, 0.02) while 1'; date +%S.%1N
```

```output
job at 00.3
rang at 01.0
job at 01.8
02.0
```
"#;
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 2.0)]);
}

/// Nobody asks doccheck before it wakes by an alarm.
#[test]
fn what_is_due_before_somebody_wakes_in_real_time_comes_before_though_others_compute() {
    let page = r#"
```bash
touch busy
perl -e '1 while -e "busy"; print "computed\n"' &
(sleep 0.4; echo "job at $(date +%S.%1N)") &
perl -MPOSIX -e '$SIG{ALRM} = sub { print "rang at ", `date +%S.%1N` }; alarm 2; pause'
rm busy
wait
```

```output
job at 00.4
rang at 02.0
computed
```
"#;
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 2.0)]);
}

/// A static program, or one without the step's environment.
#[test]
fn who_waits_for_a_signal_out_of_the_librarys_sight_may_wait_for_an_alarm() {
    let page = r#"
```bash
(sleep 3; echo later) &
env -u LD_PRELOAD perl -MPOSIX -e '$SIG{ALRM} = sub {}; alarm 1; pause'; date +%S.%1N
wait; date +%S.%1N
```

```output
01.0
later
03.0
```
"#;
    assert_eq!(run(page).is_true().real(0), [("perl".to_owned(), 1.0)]);
}

#[test]
fn a_timer_lives_on_in_children_and_in_the_program_that_a_process_becomes_and_one_that_wakes_nobody_holds_nobody_up() {
    let page = r#"
```python
import ctypes, os, signal, struct, time
kernel = ctypes.CDLL(None)
began = time.time()
passed = lambda: round(time.time() - began, 2)
once = lambda seconds: struct.pack("qqqq", 0, 0, seconds, 0)
made = ctypes.c_void_p()
wakes_nobody = struct.pack("qii", 0, 0, 1) + bytes(48)
assert kernel.timer_create(time.CLOCK_MONOTONIC, wakes_nobody, ctypes.byref(made)) == 0
kernel.timer_settime(made, 0, once(100), None)
time.sleep(200)
print("nobody", passed())

timer = kernel.timerfd_create(time.CLOCK_MONOTONIC, 0)
kernel.timerfd_settime(timer, 0, once(1), None)
if os.fork() == 0:
    os.read(timer, 8)
    print("child", passed(), flush=True)
    os._exit(0)
os.close(timer)
time.sleep(3)
print("parent", passed())

child = os.fork()
if child == 0:
    signal.alarm(1)
    os.execvp("sleep", ["sleep", "30"])
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), passed())
```

```output
nobody 200.0
child 201.0
parent 203.0
-14 204.0
```
"#;
    assert_eq!(run(page).is_true().real(0), [("python3".to_owned(), 2.0)]);
}

#[test]
fn a_step_whose_time_ends_while_it_waits_for_an_alarm_says_so() {
    let page = "```bash timeout=2s\nperl -e 'alarm 100; <STDIN>' < <(sleep 200)\n```\n";
    // How long it was until the limit, which is real time, is not the same in every run.
    let run = run_often(folder_with(page).path(), 1);
    let told = run.is_stale("");
    assert!(told.contains("waited 2") && told.contains("in real time: no hook makes the sleep of `perl` virtual"));
    assert!(!run.is_reproducible());
}

#[test]
fn who_was_stopped_holds_nobody_up_when_its_sleep_is_over() {
    let page = "```bash\nperl -e 'sleep 1' & sleep 0.1; kill -STOP %1; sleep 60; kill -CONT %1; wait; date +%T\n```\n\n\
                ```output\n09:01:00\n```\n";
    run(page).is_true();
}

#[test]
fn a_step_that_listens_and_waits_for_an_alarm_is_no_service() {
    let page = r#"
```bash
perl -MIO::Socket::INET -MPOSIX -e '
  my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 8000) or die;
  $SIG{ALRM} = sub { print "closing\n" };
  alarm 2; pause'
date +%T
```

```output
closing
09:00:02
```
"#;
    run(page).is_true();
}

#[test]
fn the_time_limit_of_a_socket_passes_in_real_time_before_what_is_due_later() {
    let page = r#"
```python
import socket, struct, threading, time
threading.Timer(60, print, ["later"]).start()
began = time.time()
with socket.create_server(("127.0.0.1", 8000)) as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("qq", 1, 0))
    try:
        listener.accept()
    except BlockingIOError:
        print("nobody came in", round(time.time() - began, 2))
```

```output
nobody came in 1.0
later
```
"#;
    let run = run(page);
    assert_eq!(run.is_true().real(0), [("python3".to_owned(), 1.0)]);
}
