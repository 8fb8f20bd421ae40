//! What every runner must do, whatever its language, with real interpreters; and what each does of its own.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use doccheck::exec::{Job, Ran, Runners, Stage, Workspace};
use doccheck::options::{ExpectedExit, Memory};
use doccheck::outcome::Shown;
use doccheck::plan::{Action, Command, Language, PagePlan, Plan, Session, Step, Watch};
use doccheck::process::Crew;
use doccheck::provision::{Provisioner, Tools};
use doccheck::sandbox::{Definition, World};
use doccheck::serve::Network;
use doccheck::source::{SourceFile, Span};
use doccheck::transcript::Ending;
use doccheck::tutorial::{self, Code};

use crate::invocation::cache;

/// A page's stage, without a page.
struct Bench {
    workspace: Workspace,
    crew: Crew,
    network: Arc<Network>,
    env: Vec<(String, String)>,
    plan: Plan,
    _folder: tempfile::TempDir,
}

/// The interpreters of this machine, found once.
fn tools() -> &'static Tools {
    static TOOLS: OnceLock<Tools> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let (tutorial, _) = tutorial::read(SourceFile::new("page.md", "```python\n1\n```\n"));
        let steps =
            [Language::Python, Language::JavaScript].map(|language| Action::Step(Box::new(step(language, "1"))));
        let plan = Plan { tutorial, page: PagePlan::default(), roles: vec![], actions: steps.into(), ruled: vec![] };
        let variables = std::env::vars().collect();
        Provisioner::new(cache(), true, variables).provide(&plan, &|_| {}).expect("Python and Node are installed")
    })
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let network = Arc::new(Network::start(folder.path(), &[]).expect("a network"));
        let definition = Arc::new(Definition::embedded().expect("the sandbox's data is right"));
        network.open(World::new(definition, None)).expect("a world");
        let workspace = Workspace::create(false).expect("a workspace");
        let path = std::env::var("PATH").expect("a PATH");
        let mut env = network.environment();
        env.push(("PATH".to_owned(), path));
        env.push(("PYTHONUNBUFFERED".to_owned(), "1".to_owned()));
        env.push(("LC_ALL".to_owned(), "C.UTF-8".to_owned()));
        env.push(("HOME".to_owned(), workspace.home().display().to_string()));
        let tutorial = tutorial::Tutorial { source: SourceFile::new("page.md", ""), settings: vec![], fences: vec![] };
        let plan = Plan { tutorial, page: PagePlan::default(), roles: vec![], actions: vec![], ruled: vec![] };
        let crew = network.crew().expect("a crew");
        Self { workspace, crew, network, env, plan, _folder: folder }
    }

    /// Runs steps one after the other, as those of one page.
    fn run(&self, steps: &[Step]) -> Vec<Ran> {
        let stage = Stage {
            plan: &self.plan,
            workspace: &self.workspace,
            crew: &self.crew,
            tools: tools(),
            network: &self.network,
            env: &self.env,
            before: std::cell::RefCell::default(),
        };
        let mut runners = Runners::new(&stage);
        let ran = steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let commands: Vec<_> = step.commands.iter().map(|command| command.text.clone()).collect();
                let job = Job {
                    step,
                    index,
                    code: &step.code.text,
                    commands: &commands,
                    page: "docs/page.md",
                    line: 10,
                    shown: &|_| Shown::Nothing,
                };
                runners.run(&job).expect("the runner does its work")
            })
            .collect();
        self.crew.end();
        ran
    }
}

fn step(language: Language, code: &str) -> Step {
    let shared = matches!(language, Language::Shell | Language::Console | Language::Pycon);
    Step {
        name: "step".to_owned(),
        fence: 0,
        language,
        code: Code { text: code.to_owned(), lines: vec![] },
        commands: vec![],
        watches: vec![],
        session: if shared { Session::Shared(String::new()) } else { Session::Fresh },
        exit: ExpectedExit::Code(0),
        exit_reason: None,
        timeout: Duration::from_secs(20),
        memory: None,
        stdin: None,
        env: vec![],
        faults: vec![],
        when: None,
        skip: None,
        known_stale: None,
        output: None,
        expectations: vec![],
        service: None,
    }
}

fn continued(language: Language, code: &str) -> Step {
    Step { session: Session::Shared("s".to_owned()), ..step(language, code) }
}

fn commands(language: Language, texts: &[&str]) -> Step {
    let commands = texts.iter().map(|text| Command { text: (*text).to_owned(), span: Span::default() }).collect();
    Step { commands, ..step(language, "") }
}

fn one(step: Step) -> Ran {
    Bench::new().run(&[step]).remove(0)
}

fn code(ran: &Ran) -> i32 {
    match ran.ending {
        Ending::Exited { code } => code,
        ref other => panic!("{other:?}: {}", ran.output.text),
    }
}

/// A program of each language that does the same.
struct Programs {
    language: Language,
    prints: &'static str,
    fails: &'static str,
    reads: &'static str,
    hangs: &'static str,
    floods: &'static str,
    detaches: &'static str,
}

const PROGRAMS: [Programs; 4] = [
    Programs {
        language: Language::Shell,
        prints: "echo 'Zoë 東京'; echo err >&2; echo \"$OWN\"",
        fails: "exit 7",
        reads: "cat; echo end",
        hangs: "while :; do :; done",
        floods: "yes",
        detaches: "setsid sleep 311 >/dev/null 2>&1 &",
    },
    Programs {
        language: Language::Python,
        prints: "import os, sys\nprint('Zoë 東京')\nprint('err', file=sys.stderr)\nprint(os.environ['OWN'])",
        fails: "import sys\nsys.exit(7)",
        reads: "import sys\nprint(sys.stdin.read() + 'end')",
        hangs: "while True: pass",
        floods: "while True: print('y' * 1000)",
        detaches: "import subprocess\nsubprocess.Popen(['sleep', '311'], start_new_session=True)",
    },
    Programs {
        language: Language::JavaScript,
        prints: "console.log('Zoë 東京'); console.error('err'); console.log(process.env.OWN)",
        fails: "process.exit(7)",
        reads: "let all = ''\nfor await (const chunk of process.stdin) all += chunk\nconsole.log(all + 'end')",
        hangs: "while (true);",
        floods: "import fs from 'node:fs'\nwhile (true) fs.writeSync(1, 'y'.repeat(1000) + '\\n')",
        detaches: "import { spawn } from 'node:child_process'\nspawn('sleep', ['311'], { detached: true, stdio: 'ignore' }).unref()",
    },
    Programs {
        language: Language::TypeScript,
        prints: "const text: string = 'Zoë 東京'\nconsole.log(text); console.error('err'); console.log(process.env.OWN as string)",
        fails: "process.exit(7 as number)",
        reads: "let all: string = ''\nfor await (const chunk of process.stdin) all += chunk\nconsole.log(all + 'end')",
        hangs: "while (true);",
        floods: "import fs from 'node:fs'\nwhile (true) fs.writeSync(1 as number, 'y'.repeat(1000) + '\\n')",
        detaches: "import { spawn } from 'node:child_process'\nspawn('sleep', ['311'], { detached: true, stdio: 'ignore' }).unref()",
    },
];

#[test]
fn every_runner_prints_with_its_own_variables() {
    for programs in PROGRAMS {
        let own = vec![("OWN".to_owned(), "it's \"mine\"".to_owned())];
        let ran = one(Step { env: own, ..step(programs.language, programs.prints) });
        assert_eq!(ran.output.text, "Zoë 東京\nerr\nit's \"mine\"\n", "{:?}", programs.language);
        assert_eq!(code(&ran), 0);
    }
}

#[test]
fn every_runner_tells_the_status() {
    for programs in PROGRAMS {
        let ran = one(step(programs.language, programs.fails));
        assert_eq!(code(&ran), 7, "{:?}: {}", programs.language, ran.output.text);
    }
}

#[test]
fn every_runner_ends_standard_input_or_feeds_it() {
    for programs in PROGRAMS {
        assert_eq!(one(step(programs.language, programs.reads)).output.text, "end\n", "{:?}", programs.language);
        let fed = Step { stdin: Some("Ada".to_owned()), ..step(programs.language, programs.reads) };
        assert_eq!(one(fed).output.text, "Adaend\n", "{:?}", programs.language);
    }
}

#[test]
fn every_runner_stops_at_the_time_limit() {
    for programs in PROGRAMS {
        let limit = Duration::from_millis(400);
        let ran = one(Step { timeout: limit, ..step(programs.language, programs.hangs) });
        assert_eq!(ran.ending, Ending::TimedOut { limit_us: 400_000 }, "{:?}", programs.language);
    }
}

#[test]
fn every_runner_stops_a_flood() {
    for programs in PROGRAMS {
        let ran = one(step(programs.language, programs.floods));
        assert!(matches!(ran.ending, Ending::OutputLimit { .. }), "{:?}: {:?}", programs.language, ran.ending);
        assert_eq!(ran.output.text.len(), 1024 * 1024);
    }
}

#[test]
fn every_runner_keeps_the_streams_apart_where_asked() {
    for programs in PROGRAMS {
        let own = vec![("OWN".to_owned(), "x".to_owned())];
        let mut step = Step { env: own, ..step(programs.language, programs.prints) };
        step.expectations.push(doccheck::plan::Expectation {
            part: doccheck::plan::Part::Whole,
            stream: doccheck::options::Stream::Stdout,
            format: doccheck::plan::Format::Text,
            text: Code::default(),
            fence: 0,
        });
        let ran = one(step);
        assert_eq!(ran.stdout.expect("apart").text, "Zoë 東京\nx\n", "{:?}", programs.language);
        assert_eq!(ran.stderr.expect("apart").text, "err\n", "{:?}", programs.language);
    }
}

/// What detached itself is found by its mark, whatever group and parent it has.
#[cfg(target_os = "linux")]
#[test]
fn no_runner_leaves_a_process_behind() {
    doccheck::process::install_handlers().expect("handlers");
    for programs in PROGRAMS {
        let bench = Bench::new();
        let mut step = step(programs.language, programs.detaches);
        step.env.push(("DOCCHECK_TEST_MARK".to_owned(), bench.workspace.work().display().to_string()));
        let ran = bench.run(&[step]);
        assert_eq!(code(&ran[0]), 0, "{}", ran[0].output.text);
        let mark = format!("DOCCHECK_TEST_MARK={}", bench.workspace.work().display());
        let left: Vec<_> = std::fs::read_dir("/proc")
            .expect("Linux has it")
            .filter_map(|entry| std::fs::read(entry.ok()?.path().join("environ")).ok())
            .filter(|environment| String::from_utf8_lossy(environment).contains(&mark))
            .collect();
        assert!(left.is_empty(), "{:?} leaves {}", programs.language, left.len());
    }
}

#[test]
fn shell_blocks_that_would_break_a_loop_do_not() {
    let blocks = [
        ("break", 0),
        ("continue", 0),
        ("exec 3>&-", 0),
        ("printf() { echo mine; }; printf", 0),
        ("read -u 3 x", 1),
        ("echo (", 2),
        ("cat <<END\nunterminated", 0),
        ("false", 1),
        ("echo $?", 0),
        ("exec >/dev/null; echo hidden", 0),
        ("sleep 300 &\necho bg", 0),
        ("kill %1", 0),
        ("alias hi='echo hello'", 0),
        ("hi", 0),
        ("cd /; pwd", 0),
        ("pwd", 0),
    ];
    let ran = Bench::new().run(&blocks.map(|(block, _)| step(Language::Shell, block)));
    for ((block, status), ran) in blocks.iter().zip(&ran) {
        assert_eq!(code(ran), *status, "{block:?}: {}", ran.output.text);
    }
    let text = |at: usize| ran[at].output.text.as_str();
    assert_eq!(text(3), "mine\n");
    assert_eq!(text(8), "1\n", "the status of the block before");
    assert_eq!(text(10), "bg\n");
    assert_eq!(text(13), "hello\n");
    assert_eq!(text(15), "/\n");
}

#[test]
fn a_shell_that_ends_is_followed_by_one_with_the_same_exports_and_directory() {
    for end in ["exit 3", "set -e\nfalse\necho not", "set -u\necho $nothing", "exec sh -c 'exit 4'"] {
        let ran = Bench::new().run(&[
            step(Language::Shell, "export KEPT='a b'; mkdir d; cd d"),
            step(Language::Shell, end),
            step(Language::Shell, "echo \"$KEPT $(basename \"$PWD\")\""),
        ]);
        assert_ne!(code(&ran[1]), 0, "{end}");
        if !end.starts_with("exec") {
            assert_eq!(ran[2].output.text, "a b d\n", "{end}");
        }
        assert!(ran[2].notes[0].contains("new one"), "{:?}", ran[2].notes);
    }
}

#[test]
fn a_shell_that_errexit_ended_says_so() {
    let told = |codes: &[&str]| {
        let steps: Vec<_> = codes.iter().map(|code| continued(Language::Shell, code)).collect();
        Bench::new().run(&steps).pop().expect("a step ran").notes
    };
    let cause = "the step ended its shell, in which `set -e` is on: there a command that fails ends the shell";
    assert_eq!(told(&["set -euo pipefail", "false; echo never"]), [cause]);
    assert_eq!(told(&["set -o errexit\nfalse"]), [cause]);
    assert_eq!(told(&["exit 3"]), ["the step ended its shell"]);
    assert_eq!(told(&["set -e", "exit 0"]), ["the step ended its shell"]);
}

#[test]
fn shell_errors_read_as_in_a_terminal() {
    let ran = one(step(Language::Shell, "echo a\nnosuchprogram"));
    assert_eq!(ran.output.text, "a\nbash: nosuchprogram: command not found\n");
    assert_eq!(code(&ran), 127);
}

#[test]
fn traced_commands_read_as_in_a_terminal() {
    let shell = |code: &str| continued(Language::Shell, code);
    let ran = Bench::new().run(&[
        shell("set -x; echo z"),
        shell("x=$(echo y)\nprintf '+++ b/x\\n'\n(exit 3)"),
        shell("echo $?; set +x; set -v\necho 1"),
        shell("set +v"),
    ]);
    let told: Vec<_> = ran.iter().map(|ran| ran.output.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "+ echo z\nz\n",
            "++ echo y\n+ x=y\n+ printf '+++ b/x\\n'\n+++ b/x\n+ exit 3\n",
            "+ echo 3\n3\n+ set +x\necho 1\n1\n",
            "set +v\n",
        ]
    );
}

#[test]
fn a_steps_own_variables_end_with_it() {
    let own = vec![("OWN".to_owned(), "mine".to_owned())];
    let ran = Bench::new().run(&[
        step(Language::Shell, "export OWN=before"),
        Step { env: own, ..step(Language::Shell, "echo $OWN") },
        step(Language::Shell, "echo $OWN"),
    ]);
    assert_eq!((ran[1].output.text.as_str(), ran[2].output.text.as_str()), ("mine\n", "before\n"));
}

#[test]
fn a_console_keeps_each_commands_output_and_status() {
    let ran = one(commands(Language::Console, &["echo a", "false", "for i in 1 2; do\necho $i\ndone"]));
    let parts: Vec<_> = ran.parts.iter().map(|part| (part.text.as_str(), part.exit)).collect();
    assert_eq!(parts, [("a\n", Some(0)), ("", Some(1)), ("1\n2\n", Some(0))]);
}

#[test]
fn python_steps_continue_one_another() {
    let ran = Bench::new().run(&[
        continued(Language::Python, "import json\nx = 1\ndef f(): return x"),
        continued(Language::Python, "x = 2\nprint(f(), json.dumps({}))"),
        continued(Language::Python, "import asyncio\nawait asyncio.sleep(0)\nprint(f())"),
        continued(Language::Python, "1 / 0"),
        continued(Language::Python, "print(x)"),
    ]);
    assert_eq!(ran[1].output.text, "2 {}\n");
    assert_eq!(ran[2].output.text, "2\n");
    assert_eq!(code(&ran[3]), 1);
    assert_eq!(ran[4].output.text, "2\n");
}

#[test]
fn a_python_traceback_names_the_page_and_its_line() {
    for step in [step, continued] {
        let ran = one(step(Language::Python, "x = 1\nraise ValueError('no')"));
        let expected = "Traceback (most recent call last):\n  File \"docs/page.md\", line 11, in <module>\n    \
                        raise ValueError('no')\nValueError: no\n";
        assert_eq!(ran.output.text, expected);
        assert_eq!(code(&ran), 1);
    }
}

#[test]
fn python_is_the_program_it_looks_like() {
    let program = "import sys, threading, atexit, pickle\n\
                   class Lead: pass\n\
                   pickle.loads(pickle.dumps(Lead()))\n\
                   atexit.register(print, 'last')\n\
                   printed = threading.Event()\n\
                   threading.Thread(target=lambda: printed.wait() and print('thread')).start()\n\
                   if __name__ == '__main__':\n    print(sys.argv[1:], __file__)\n\
                   printed.set()";
    let ran = one(step(Language::Python, program));
    assert_eq!(ran.output.text, "[] docs/page.md\nthread\nlast\n");
    let left = one(step(Language::Python, "import sys\nsys.exit('bye')"));
    assert_eq!((left.output.text.as_str(), code(&left)), ("bye\n", 1));
}

#[test]
fn watched_statements_are_recorded() {
    let watch = |first_line, last_line, value| Watch { first_line, last_line, value };
    let python = Step {
        watches: vec![watch(2, 2, false), watch(3, 3, true)],
        ..step(Language::Python, "for n in (1, 2):\n    print(n)\nn + 1")
    };
    let javascript = Step {
        watches: vec![watch(2, 2, false), watch(4, 4, true)],
        ..step(Language::JavaScript, "for (const n of [1, 2]) {\n  console.log(n) //=> 1\n}\n[1 + 2] //=> [ 3 ]")
    };
    for (step, value) in [(python, "3"), (javascript, "[ 3 ]")] {
        let ran = one(step);
        let texts: Vec<_> = ran.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(texts, ["1\n2\n", value], "{}", ran.output.text);
        assert_eq!(ran.output.text, "1\n2\n");
    }
}

#[test]
fn a_python_transcript_goes_on_after_an_exception() {
    let ran = one(commands(Language::Pycon, &["x = [1]", "x[0]", "x[5]", "for n in x:\n    print(n)\n", "_"]));
    let texts: Vec<_> = ran.parts.iter().map(|part| part.text.as_str()).collect();
    let traceback = "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\n\
                     IndexError: list index out of range\n";
    assert_eq!(texts, ["", "1\n", traceback, "1\n", "1\n"]);
    assert_eq!(code(&ran), 0);
}

#[test]
fn javascript_steps_continue_one_another() {
    let ran = Bench::new().run(&[
        continued(
            Language::JavaScript,
            "import { join } from 'node:path'\nconst base = 'a'\nlet n = 1\nfunction f() { return n }",
        ),
        continued(Language::JavaScript, "n += 1\nconsole.log(join(base, 'b'), f())"),
        continued(Language::TypeScript, "const base: string = await Promise.resolve('c')\nconsole.log(base, n)"),
        continued(Language::JavaScript, "setTimeout(() => console.log('late', base), 30)"),
        continued(Language::JavaScript, "throw new TypeError('no')"),
        continued(Language::JavaScript, "console.log(n)"),
        continued(Language::JavaScript, "process.exit(5)"),
    ]);
    assert_eq!(ran[1].output.text, "a/b 2\n");
    assert_eq!(ran[2].output.text, "c 2\n");
    assert_eq!(ran[3].output.text, "late c\n");
    assert!(ran[4].output.text.starts_with("TypeError: no\n"), "{}", ran[4].output.text);
    assert_eq!(code(&ran[4]), 1);
    assert_eq!(ran[5].output.text, "2\n");
    assert_eq!(code(&ran[6]), 5);
}

#[test]
fn node_names_the_line_of_the_page() {
    let ran = one(step(Language::TypeScript, "const n: number = 1\nthrow new Error('no ' + n)"));
    assert!(ran.output.text.contains(".mjs:11"), "{}", ran.output.text);
    let ran = one(continued(Language::TypeScript, "const n: number = 1\nthrow new Error('no ' + n)"));
    assert!(ran.output.text.contains(":11:"), "{}", ran.output.text);
}

#[test]
fn exports_reach_the_other_languages() {
    let ran = Bench::new().run(&[
        step(Language::Shell, "export TEAM='growth team'; mkdir d && cd d"),
        step(Language::Python, "import os\nprint(os.environ['TEAM'], os.path.basename(os.getcwd()))"),
        step(Language::JavaScript, "console.log(process.env.TEAM, process.cwd().split('/').at(-1))"),
        continued(Language::Python, "import os\nprint(os.environ['TEAM'], os.path.basename(os.getcwd()))"),
        continued(Language::JavaScript, "console.log(process.env.TEAM, process.cwd().split('/').at(-1))"),
    ]);
    for ran in &ran[1..] {
        assert_eq!(ran.output.text, "growth team d\n");
    }
}

#[test]
fn a_missing_package_gets_the_line_to_add() {
    let ran = one(step(Language::Python, "import yaml_is_not_here"));
    assert!(ran.notes[0].contains("python: [yaml_is_not_here]"), "{:?}", ran.notes);
    let ran = one(step(Language::JavaScript, "import '@scope/nothing/deep'"));
    assert!(ran.notes[0].contains("node: [\"@scope/nothing\"]"), "{:?}", ran.notes);
}

#[test]
fn code_that_types_cannot_be_taken_out_of_runs_with_a_note() {
    let ran = one(step(Language::TypeScript, "enum Level { Low = 1 }\nconsole.log(Level.Low)"));
    assert_eq!(ran.output.text, "1\n");
    assert!(ran.notes[0].contains("refuses"), "{:?}", ran.notes);
    let ran = one(step(Language::TypeScript, "const x: = 3"));
    assert_eq!(code(&ran), 1);
    assert!(ran.output.text.starts_with("SyntaxError"), "{}", ran.output.text);
}

/// A step of 128 MiB between two steps without a limit, in one session.
#[cfg(target_os = "linux")]
fn limits_of_three(steps: [Step; 3]) -> Vec<String> {
    let [first, mut second, third] = steps;
    second.memory = Memory::parse("128MiB");
    let ran = Bench::new().run(&[first, second, third]);
    ran.iter().map(|ran| ran.output.text.trim().to_owned()).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_memory_is_that_of_its_step_alone() {
    let shell = |code: &str| step(Language::Shell, code);
    let told = limits_of_three([shell("ulimit -S -d 500000"), shell("ulimit -S -d"), shell("ulimit -S -d")]);
    assert_eq!(told, ["", "131072", "500000"], "the shell has again what the page gave it");
    let of_node = "console.log(/Max data size +([0-9a-z]+)/.exec(fs.readFileSync('/proc/self/limits', 'utf8'))[1])";
    let node = |code: &str| continued(Language::JavaScript, code);
    let first = format!("import fs from 'node:fs'\n{of_node}");
    let told = limits_of_three([node(&first), node(of_node), node(of_node)]);
    assert_eq!((told[1].as_str(), &told[2]), ("134217728", &told[0]));
    let of_python = "import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])";
    for first in ["1", of_python] {
        let python = |code: &str| continued(Language::Python, code);
        let told = limits_of_three([python(first), python(of_python), python(of_python)]);
        assert_eq!((told[1].as_str(), told[2].as_str()), ("134217728", "-1"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interpreter_lives_on_after_a_step_that_has_used_up_its_memory() {
    let all = "kept = []\nwhile True:\n    kept.append(bytes(64))\n";
    let mut greedy = continued(Language::Python, all);
    greedy.memory = Memory::parse("32MiB");
    let ran = Bench::new().run(&[greedy, continued(Language::Python, "print(len(kept) > 100000)")]);
    assert_eq!(code(&ran[0]), 1);
    assert!(ran[0].output.text.ends_with("\nMemoryError\n"), "{}", ran[0].output.text);
    assert_eq!((ran[1].output.text.as_str(), ran[1].notes.len()), ("True\n", 0));
}
