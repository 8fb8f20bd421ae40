//! The reader's terminal: one bash that lives as long as its page.
//!
//! bash reads its script from a pipe that doccheck writes to block by block. There is no loop in bash that a block
//! could break out of; each block has its own output file; a block that ends the shell ends it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::capture::{Capture, Streams};
use super::status::{StatusPipe, Unfinished, Wake, pipe};
use super::{ExecError, Stage};
use crate::options::Memory;
use crate::outcome::Shown;
use crate::process::{ExitStatus, Launch, MemoryLimit, Process};
use crate::system_clock::now;
use crate::transcript::Ending;
use crate::virtual_time::Foreground;

/// The descriptors that bash has for the script and for what it tells, out of the way of a page's own.
const SCRIPT: i32 = 200;
const STATUS: i32 = 201;

/// How many evaluations a block stands in: `set -x` tells each by one more mark.
const DEPTH: usize = 2;

/// The mark of a traced command, where a page does not set its own `PS4`: a program's own `+++`, as of `diff -u`, is
/// none.
const TRACED: char = '\u{1e}';

/// How long bash may take for what doccheck itself asks.
const PATIENCE: Duration = Duration::from_secs(5);

/// One bash.
#[derive(Debug)]
pub(super) struct Terminal {
    process: Process,
    script: File,
    status: StatusPipe,
    name: String,
    last: i32,
    /// The limit of memory that it had before the block that runs in it, where that has one of its own.
    former: Option<MemoryLimit>,
}

impl Drop for Terminal {
    /// The page is over: nobody asks for the state any more, and writing it would cost a process.
    fn drop(&mut self) {
        self.write("trap - EXIT; exit\n");
    }
}

/// How a block ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BlockEnd {
    /// With a status; the shell lives.
    Status(i32),
    /// It ended the shell.
    ShellEnded(ExitStatus),
    /// Something stopped it: time, output, Ctrl-C.
    Stopped(Wake),
}

/// Where a shell stands and what it exports.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: PathBuf,
}

/// A block to be run.
pub(super) struct Block<'a> {
    pub(super) code: &'a str,
    pub(super) env: &'a [(String, String)],
    pub(super) stdin: Option<&'a Path>,
    pub(super) memory: Option<Memory>,
}

impl Terminal {
    /// Starts the terminal `name` in `state`.
    pub(super) fn start(stage: &Stage<'_>, name: &str, count: usize, state: &State) -> Result<Self, ExecError> {
        let bash = stage.program("bash")?;
        let (script_in, script_out) = pipe()?;
        let (status_in, status_out) = pipe()?;
        let name = format!("terminal-{count}-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        let own = Capture::create(stage.workspace, &name, false)?;
        let (stdout, stderr) = own.files()?;
        let process = stage.crew.launch(Launch {
            program: bash,
            args: ["--noprofile", "--norc", &format!("/dev/fd/{SCRIPT}")].map(Into::into).to_vec(),
            cwd: state.cwd.clone(),
            env: state.env.clone(),
            stdin: None,
            stdout,
            stderr,
            descriptors: vec![(SCRIPT, script_in), (STATUS, status_out)],
            memory: None,
        })?;
        let mut terminal = Self {
            process,
            script: File::from(script_out),
            status: StatusPipe::new(status_in),
            name,
            last: 0,
            former: None,
        };
        let in_quotes = |file: PathBuf| quote(file).replace('\'', r"'\''");
        terminal.write(&format!(
            "shopt -s expand_aliases\n[ \"$PS4\" != '+ ' ] || PS4=$'\\x1e '\n\
             trap '{{ command -p env -0; builtin pwd -P; builtin printf %s \"$-\" >|{}; }} >|{} 2>/dev/null' EXIT\n",
            in_quotes(terminal.options_file(stage)),
            in_quotes(terminal.state_file(stage)),
        ));
        Ok(terminal)
    }

    fn state_file(&self, stage: &Stage<'_>) -> PathBuf {
        stage.workspace.scratch().join(format!("{}.state", self.name))
    }

    fn options_file(&self, stage: &Stage<'_>) -> PathBuf {
        stage.workspace.scratch().join(format!("{}.options", self.name))
    }

    /// True for a shell that has ended and in which `set -e` was on.
    #[expect(clippy::disallowed_methods, reason = "the shell tells its options in a file")]
    pub(super) fn exited_on_errors(&self, stage: &Stage<'_>) -> bool {
        std::fs::read_to_string(self.options_file(stage)).is_ok_and(|options| options.contains('e'))
    }

    /// Runs a block; what it prints goes to `capture`. `shown`: whether what it has printed so far is what the page shows.
    pub(super) fn run(
        &mut self,
        stage: &Stage<'_>,
        block: &Block<'_>,
        capture: &Capture,
        shown: &dyn Fn(Streams) -> Shown,
        deadline: Instant,
    ) -> Result<BlockEnd, ExecError> {
        stage.network.wait_for(Foreground::Process(self.process.id()));
        self.begin(stage, block, capture)?;
        let clean = self.cleaner(stage);
        // Where it cannot be read now, it cannot at the step's end either, which is told then.
        let shown = || shown(capture.read(&clean).unwrap_or_default());
        let step = Unfinished { stage, capture, shown: &shown };
        let wake = self.status.next(&self.process, deadline, Some(&step));
        if let Some(former) = self.former.take() {
            // What the block has started and left behind keeps its own.
            self.process.limit_memory(former)?;
        }
        Ok(match wake {
            Wake::Line(status) => BlockEnd::Status(self.took(&status)),
            Wake::Closed => match self.process.wait_until(now() + PATIENCE)? {
                Some(status) => BlockEnd::ShellEnded(status),
                None => BlockEnd::Stopped(Wake::TimedOut),
            },
            stopped => BlockEnd::Stopped(stopped),
        })
    }

    /// How the block that was begun ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<Ending>, ExecError> {
        if let Wake::Line(status) = self.status.next(&self.process, now(), None) {
            return Ok(Some(Ending::Exited { code: self.took(&status) }));
        }
        Ok(self.process.try_wait()?.map(Ending::from))
    }

    fn took(&mut self, status: &str) -> i32 {
        self.last = status.trim().parse().unwrap_or(0);
        self.last
    }

    /// Begins a block and does not wait for its end.
    pub(super) fn begin(&mut self, stage: &Stage<'_>, block: &Block<'_>, capture: &Capture) -> Result<(), ExecError> {
        // bash reads a sourced file whole before it runs it, so one file serves all blocks: making files is dear.
        let file = stage.workspace.scribble(&format!("{}.sh", self.name), block.code)?;
        let last = if self.last == 0 { String::new() } else { format!("(exit {}); ", self.last) };
        let stdin = block.stdin.map_or_else(|| "/dev/null".to_owned(), quote);
        let streams = if capture.err() == capture.out() {
            format!(">>{} 2>&1", quote(capture.out()))
        } else {
            format!(">>{} 2>>{}", quote(capture.out()), quote(capture.err()))
        };
        let (before, after) = variables(block.env);
        // bash reads a pipe byte by byte; so the pipe names a file, and the file says the rest.
        let around = stage.workspace.scribble(
            &format!("{}.around", self.name),
            &format!(
                "{before}{{ {last}. {}; }} {streams} <{stdin} {SCRIPT}<&- {STATUS}>&-\n\
                 builtin printf '%s\\n' \"$?\" >&{STATUS}\n{after}",
                quote(&file)
            ),
        )?;
        if let Some(memory) = block.memory {
            self.former = Some(self.process.limit_memory(MemoryLimit(Some(memory.bytes())))?);
        }
        self.write(&format!(". {}\n", quote(&around)));
        Ok(())
    }

    /// Asks for exports and directory.
    pub(super) fn state(&mut self, stage: &Stage<'_>) -> Option<State> {
        let file = self.state_file(stage);
        self.write(&format!(
            "{{ command -p env -0; builtin pwd -P; }} >|{} 2>/dev/null\nbuiltin printf 'state\\n' >&{STATUS}\n\
             {}\n",
            quote(&file),
            if self.last == 0 { ":".to_owned() } else { format!("(exit {})", self.last) },
        ));
        match self.status.next(&self.process, now() + PATIENCE, None) {
            Wake::Line(_) => read_state(&file),
            _ => None,
        }
    }

    /// Where it stands while it runs a program, and what it exports.
    pub(super) fn standing(&self) -> Option<State> {
        let (cwd, env) = self.process.standing()?;
        let env = env.into_iter().filter(|(name, _)| is_exported(name)).collect();
        Some(State { env, cwd })
    }

    /// What a shell that has ended left behind.
    pub(super) fn last_state(&self, stage: &Stage<'_>) -> Option<State> {
        read_state(&self.state_file(stage))
    }

    fn write(&mut self, text: &str) {
        // Where bash is gone, the status pipe tells so right after.
        let _ = self.script.write_all(text.as_bytes());
    }

    /// Makes a text what a reader's terminal would show: without the places of doccheck's own files.
    pub(super) fn cleaner(&self, stage: &Stage<'_>) -> impl Fn(String) -> String + use<> {
        let prefix = format!("{}/{}.sh", stage.workspace.scratch().display(), self.name);
        move |text| {
            if !text.contains(&prefix) && !text.contains(TRACED) {
                return text;
            }
            let lines = text.split_inclusive('\n').filter(|line| !is_own(line, &prefix));
            lines.map(|line| reader_line(&traced(line), &prefix)).collect()
        }
    }
}

/// True for what `set -x` tells of doccheck's own line.
fn is_own(line: &str, prefix: &str) -> bool {
    let command = line.trim_start_matches(TRACED);
    let by_mark = line.len() - command.len() == DEPTH && command.starts_with(" exit ");
    by_mark || (line.starts_with([TRACED, '+']) && command.trim_start_matches('+').starts_with(&format!(" . {prefix}")))
}

/// The line of a traced command as a reader's terminal shows it, where no block stands in another file.
fn traced(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(TRACED) {
        let marked = &rest[start..];
        let after = marked.trim_start_matches(TRACED);
        shown.push_str(&rest[..start]);
        shown.push_str(&"+".repeat((marked.len() - after.len()).saturating_sub(DEPTH).max(1)));
        rest = after;
    }
    shown + rest
}

/// `<file>: line 3: foo: command not found` as `bash: foo: command not found`, as an interactive bash says it.
fn reader_line(line: &str, prefix: &str) -> String {
    let Some((before, rest)) = line.split_once(prefix) else { return line.to_owned() };
    let Some((_, rest)) = rest.split_once(": ") else { return line.to_owned() };
    let rest = match rest.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => rest,
    };
    format!("{before}bash: {rest}")
}

/// Lines that set a step's own variables, and lines that set back what was there before.
fn variables(env: &[(String, String)]) -> (String, String) {
    let (mut before, mut after) = (String::new(), String::new());
    for (name, value) in env {
        let value = quote(Path::new(value));
        before.push_str(&format!("[ -z \"${{{name}+x}}\" ] || __doccheck_{name}=\"${name}\"; export {name}={value}\n"));
        after.push_str(&format!(
            "if [ -n \"${{__doccheck_{name}+x}}\" ]; then {name}=\"$__doccheck_{name}\"; \
             unset __doccheck_{name}; else unset {name}; fi\n"
        ));
    }
    (before, after)
}

/// `path` as one word of bash.
fn quote(path: impl AsRef<Path>) -> String {
    format!("'{}'", path.as_ref().display().to_string().replace('\'', r"'\''"))
}

#[expect(clippy::disallowed_methods, reason = "the shell tells its state in a file")]
fn read_state(file: &Path) -> Option<State> {
    let bytes = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (variables, cwd) = text.rsplit_once('\0')?;
    let cwd = PathBuf::from(cwd.strip_suffix('\n')?);
    let env = variables
        .split('\0')
        .filter_map(|variable| variable.split_once('='))
        .filter(|(name, _)| is_exported(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    cwd.is_absolute().then_some(State { env, cwd })
}

/// `_` is bash's own, and names that are no names are functions that bash exports.
fn is_exported(name: &str) -> bool {
    name != "_" && name != "SHLVL" && !name.contains('%')
}
