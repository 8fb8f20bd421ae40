//! The one grammar of options, `key=value …`, wherever it stands: in a comment before a fence, after a
//! fence's language, in front matter, in `doccheck.toml`.
//!
//! Here are words and their places; what a key means for a page or a step is told by `Options`.

mod grammar;
mod memory;
mod nearest;
mod own;
mod ready;
mod set;
mod when;

use std::time::Duration;

use crate::source::{Span, Spanned};

pub use grammar::parse;
pub use memory::Memory;
pub use nearest::nearest;
pub use own::parse_own;
pub use ready::{Ready, TAKES as READY_TAKES};
pub use set::{TIMEOUT_TAKES, parse_timeout};
pub use when::When;

/// One `key=value` as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key, such as `exit` or `env.NAME`.
    pub key: Spanned<String>,
    /// The value, quotes taken off. A list keeps one entry a value.
    pub value: Spanned<Value>,
}

/// What stands after the `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// One word or a quoted text.
    Text(String),
    /// A list: `[a, b]`, or a list of YAML or TOML.
    List(Vec<Spanned<String>>),
}

/// What a step's exit status must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedExit {
    /// This number.
    Code(i32),
    /// Any number but zero.
    Nonzero,
}

/// Which of a step's streams is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stream {
    /// Both, as they lie in a terminal.
    #[default]
    Both,
    /// Standard output alone.
    Stdout,
    /// Standard error alone.
    Stderr,
}

/// Whose time a page's world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Time {
    /// A clock of its own, which stands still while code runs: a wait costs nothing.
    #[default]
    Virtual,
    /// The machine's.
    Real,
}

/// A rule on the output of a step that overrides what the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputRule {
    /// Nothing is compared; the exit status decides.
    Any,
    /// The step must print nothing.
    None,
}

/// Every option, typed. What was not said is `None` or empty.
///
/// One struct serves steps, fences and pages; `Options::set` refuses a key that does not belong to the scope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// `name`: a word, unique on the page.
    pub name: Option<Spanned<String>>,
    /// `skip`: why the step or page is not run.
    pub skip: Option<Spanned<String>>,
    /// `exit`.
    pub exit: Option<Spanned<ExpectedExit>>,
    /// `timeout`, in real time.
    pub timeout: Option<Duration>,
    /// `memory`: how much each process of the step may hold.
    pub memory: Option<Memory>,
    /// `stdin`: what the step reads.
    pub stdin: Option<String>,
    /// `file`: where the fence is written instead of being run.
    pub file: Option<Spanned<String>>,
    /// `session`: another terminal; for Python and JavaScript `new`, or a session to continue.
    pub session: Option<Spanned<String>>,
    /// `stream`.
    pub stream: Option<Stream>,
    /// `output`.
    pub output: Option<OutputRule>,
    /// `env.NAME`, in the order written.
    pub env: Vec<(String, String)>,
    /// `fault`: each where it stands. Read by `sandbox::Fault`.
    pub fault: Option<Vec<Spanned<String>>>,
    /// `python`: packages.
    pub python: Vec<Spanned<String>>,
    /// `node`: packages.
    pub node: Vec<Spanned<String>>,
    /// `scopes`: what the page's token may do; everything where not said.
    pub scopes: Option<Vec<Spanned<String>>>,
    /// `snapshot`: outputs that the page does not show are kept in files.
    pub snapshot: Option<bool>,
    /// `time`: whose time the page's world has.
    pub time: Option<Time>,
    /// `setup`: a script's text, or the path of a file.
    pub setup: Option<Spanned<String>>,
    /// `teardown`: a script's text, or the path of a file.
    pub teardown: Option<Spanned<String>>,
    /// `background`: the step runs on while later steps run.
    pub background: Option<Spanned<bool>>,
    /// `ready`: what must be true before the page goes on; says `background` too.
    pub ready: Option<Spanned<Ready>>,
    /// `when`: what must have happened before the step starts.
    pub when: Option<Spanned<When>>,
    /// `workspace`: a folder that is copied into the fresh workspace.
    pub workspace: Option<Spanned<String>>,
    /// `provider`: `all`, `all:category` or words of providers, for each of which the page runs once.
    pub provider: Option<Spanned<Vec<Spanned<String>>>>,
    /// `expect-stale`: why the step or page is known to be stale.
    pub expect_stale: Option<Spanned<String>>,
}

impl Options {
    /// True where the step runs on while later steps run.
    pub fn is_service(&self) -> bool {
        self.ready.is_some() || self.background.as_ref().is_some_and(|background| background.value)
    }
}

/// Where options stand; each key belongs to some of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On a fence.
    Fence,
    /// On a whole page.
    Page,
}

/// Why a setting is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionError {
    /// A stable word: `unknown-option`, `bad-value`, `wrong-scope`, `unclosed-quote`, `bad-option`.
    pub code: &'static str,
    /// Lower case, no final period.
    pub message: String,
    /// Where, in the file that the settings came from.
    pub span: Span,
    /// What to write instead.
    pub help: Option<String>,
}

impl Setting {
    /// Moves every place of the setting, for text that was cut out of its file before it was read.
    pub fn move_spans(&mut self, place: impl Fn(&mut Span)) {
        place(&mut self.key.span);
        place(&mut self.value.span);
        if let Value::List(entries) = &mut self.value.value {
            entries.iter_mut().for_each(|entry| place(&mut entry.span));
        }
    }
}
