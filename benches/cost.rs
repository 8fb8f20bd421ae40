//! What doccheck costs, against plain `bash` that does the same work in the same run.
//!
//! `cargo bench` prints a table. Nothing is asserted about time: machines differ, ratios hardly do. What is asserted is
//! that the work was done.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::panic,
    clippy::zombie_processes,
    reason = "a measuring program starts what it measures, prints, and ends where it cannot measure"
)]

mod bench;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How often a short program is run; the mean is told.
const REPEATS: u32 = 20;
const PAGES: usize = 100;
const STEPS: usize = 10;
/// What the loud step prints, in bytes.
const LOUD: u64 = 50_000_000;

/// What one run of a program and its children took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    wall: Duration,
    /// User and system time, with all children.
    cpu: Duration,
    /// The peak of resident memory, in bytes: of the program or of its largest child.
    memory: u64,
    status: i32,
}

/// A line of the table.
#[derive(Debug, Clone)]
struct Row {
    what: &'static str,
    doccheck: f64,
    bash: f64,
    unit: &'static str,
    budget: f64,
}

fn main() {
    bench::run(|folder| {
        let bench = Bench { folder };
        let rows = [bench.start_up(), bench.many_steps(), bench.loud_step()].concat();
        print!("{}", table(&rows));
    });
}

struct Bench<'a> {
    folder: &'a Path,
}

impl Bench<'_> {
    /// `list` on one small page; bash looks for the fences of the same page.
    fn start_up(&self) -> Vec<Row> {
        let page = self.folder.join("small.md");
        fs::write(&page, "# Small\n\n```bash\necho hello\n```\n\n```text\nhello\n```\n").unwrap();
        let script = "n=0; while IFS= read -r line; do n=$((n + 1)); case $line in '```'*) echo \"$n $line\";; esac; done < \"$0\"";
        let mean = |run: &dyn Fn() -> Cost| {
            run();
            let costs: Vec<Cost> = (0..REPEATS).map(|_| run()).collect();
            assert!(costs.iter().all(|cost| cost.status == 0));
            costs.iter().map(|cost| cost.cpu).sum::<Duration>() / REPEATS
        };
        let doccheck = mean(&|| self.doccheck("list", &page, "listed"));
        let bash = mean(&|| self.bash(&["-c", script], &page, "listed-by-bash"));
        vec![row("list, one small page: CPU", millis(doccheck), millis(bash), "ms", 20.0)]
    }

    /// 1,000 one-line steps, each with its documented output, in 100 pages; bash runs the same lines in 100 scripts and
    /// compares what each script printed.
    fn many_steps(&self) -> Vec<Row> {
        let (pages, scripts) = (self.folder.join("pages"), self.folder.join("scripts"));
        for folder in [&pages, &scripts] {
            fs::create_dir(folder).unwrap();
        }
        for page in 0..PAGES {
            let (mut text, mut script, mut output) = (format!("# Page {page}\n"), String::new(), String::new());
            for step in 0..STEPS {
                let line = format!("step {step} of page {page}");
                write!(text, "\n```bash\necho {line}\n```\n\n```text\n{line}\n```\n").unwrap();
                writeln!(script, "echo {line}").unwrap();
                writeln!(output, "{line}").unwrap();
            }
            fs::write(pages.join(format!("{page}.md")), text).unwrap();
            fs::write(scripts.join(format!("{page}.sh")), script).unwrap();
            fs::write(scripts.join(format!("{page}.txt")), output).unwrap();
        }
        let all = "for script in \"$0\"/*.sh; do [ \"$(bash \"$script\" 2>&1)\" = \"$(<\"${script%.sh}.txt\")\" ] || exit 1; done";
        let doccheck = self.doccheck("run", &pages, "ran");
        let bash = self.bash(&["-c", all], &scripts, "ran-by-bash");
        assert_eq!((doccheck.status, bash.status), (0, 0), "{}", self.printed("ran"));
        vec![
            row("1,000 steps in 100 pages: CPU", doccheck.cpu.as_secs_f64(), bash.cpu.as_secs_f64(), "s", 1.0),
            row("1,000 steps in 100 pages: memory", mebi(doccheck.memory), mebi(bash.memory), "MiB", 40.0),
        ]
    }

    /// A step that prints 50 MB where its page shows one line; bash writes them to a file.
    fn loud_step(&self) -> Vec<Row> {
        let page = self.folder.join("loud.md");
        let line = format!("yes 'a line of a step that prints too much' | head -c {LOUD}");
        fs::write(&page, format!("# Loud\n\n```bash\n{line}\n```\n\n```text\none line\n```\n")).unwrap();
        let doccheck = self.doccheck("run", &page, "loud");
        let bash = self.bash(&["-c", &line], &page, "loud-by-bash");
        assert_eq!((doccheck.status, bash.status), (1, 0), "{}", self.printed("loud"));
        let size = |name: &str| fs::metadata(self.folder.join(name)).unwrap().len();
        assert_eq!(size("loud-by-bash"), LOUD);
        let kilo = |bytes: u64| f64::from(u32::try_from(bytes).unwrap()) / 1000.0;
        vec![
            row("a step that prints 50 MB: wall", doccheck.wall.as_secs_f64(), bash.wall.as_secs_f64(), "s", 0.5),
            row("a step that prints 50 MB: memory", mebi(doccheck.memory), mebi(bash.memory), "MiB", 40.0),
            row("a step that prints 50 MB: report", kilo(size("loud")), kilo(size("loud-by-bash")), "KB", 100.0),
        ]
    }

    fn doccheck(&self, command: &str, path: &Path, output: &str) -> Cost {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_doccheck"));
        self.measure(&program, &[command], path, output)
    }

    fn bash(&self, args: &[&str], path: &Path, output: &str) -> Cost {
        self.measure(Path::new("bash"), args, path, output)
    }

    /// Runs a program on `path` in the bench's folder, with what it prints in the file `output`.
    fn measure(&self, program: &Path, args: &[&str], path: &Path, output: &str) -> Cost {
        let stdout = File::create(self.folder.join(output)).unwrap();
        let stderr = stdout.try_clone().unwrap();
        let mut command = bench::command(program, self.folder);
        command.args(args).arg(path).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let start = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        wait(child.id(), start)
    }

    fn printed(&self, output: &str) -> String {
        fs::read_to_string(self.folder.join(output)).unwrap_or_default()
    }
}

/// Waits for a child of this program; what it and its own children took.
fn wait(child: u32, start: Instant) -> Cost {
    #![expect(unsafe_code, reason = "no safe crate tells the resources that a child has used")]
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both pointers are to places of the right type that outlive the call; all zeros is a valid `rusage`.
    let (waited, usage) =
        unsafe { (libc::wait4(child.cast_signed(), &raw mut status, 0, usage.as_mut_ptr()), usage.assume_init()) };
    let wall = start.elapsed();
    assert_eq!(waited, child.cast_signed(), "the child was waited for by somebody else");
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.cast_unsigned()) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap())
    };
    // Linux counts kibibytes, macOS bytes (getrusage(2) of each).
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Cost {
        wall,
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        memory: usage.ru_maxrss.cast_unsigned() * unit,
        status: if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 },
    }
}

fn row(what: &'static str, doccheck: f64, bash: f64, unit: &'static str, budget: f64) -> Row {
    Row { what, doccheck, bash, unit, budget }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn mebi(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).unwrap()) / 1024.0
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<34} {:>12} {:>12} {:>8} {:>12}\n", "", "doccheck", "bash", "ratio", "budget");
    for Row { what, doccheck, bash, unit, budget } in rows {
        let figure =
            |value: f64| if value < 10.0 { format!("{value:.2} {unit}") } else { format!("{value:.1} {unit}") };
        let within = if doccheck <= budget { "within" } else { "OVER" };
        writeln!(
            text,
            "{what:<34} {:>12} {:>12} {:>8} {:>12} {within}",
            figure(*doccheck),
            figure(*bash),
            format!("{:.3}", doccheck / bash),
            figure(*budget),
        )
        .unwrap();
    }
    text
}
