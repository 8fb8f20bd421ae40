use super::*;

fn file(text: &str) -> Result<Config, Vec<Diagnostic>> {
    read(&SourceFile::new("doccheck.toml", text))
}

/// The faults of a file as code, marked text and help.
fn faults(text: &str) -> Vec<(&'static str, String, String)> {
    let show = |found: &Diagnostic| {
        let place = found.source.as_ref().unwrap().slice(found.labels[0].span).to_owned();
        (found.code, place, found.help.join(" "))
    };
    file(text).unwrap_err().iter().map(show).collect()
}

#[test]
fn an_empty_file_says_what_no_file_says() {
    assert_eq!(file("").unwrap(), Config::default());
    assert_eq!(Config::default().include, ["tutorials/**/*.md"]);
}

#[test]
fn every_key_is_read() {
    let config = file(
        r#"
edition = 1
strict = true
[pages]
include = ["docs/*.md"]
exclude = ["docs/old/**"]
[defaults]
timeout = "20s"
stream = "stdout"
env = { A = "1", B = 2 }
[env]
LANG = "C.UTF-8"
pass = ["CI"]
[python]
packages = ["requests==2.32.5", "-e ./sdk"]
[node]
packages = ["p-limit@6.2.0"]
[sandbox]
dir = "sandbox"
drafts = "drafts"
[placeholders]
"<your_api_token>" = "${API_KEY}"
[network]
allow = ["127.0.0.1:5432"]
"#,
    )
    .unwrap();
    let defaults: Vec<_> = config.defaults.iter().map(|setting| setting.key.value.as_str()).collect();
    assert_eq!(defaults, ["timeout", "stream", "env.A", "env.B"]);
    assert_eq!(
        Config {
            defaults: Vec::new(),
            source: Config::default().source,
            python: Vec::new(),
            node: Vec::new(),
            ..config.clone()
        },
        Config {
            source: Config::default().source,
            strict: true,
            include: vec!["docs/*.md".into()],
            exclude: vec!["docs/old/**".into()],
            defaults: Vec::new(),
            env: vec![("LANG".into(), "C.UTF-8".into())],
            pass: vec!["CI".into()],
            python: Vec::new(),
            node: Vec::new(),
            drafts: Some("drafts".into()),
            sandbox: SandboxChoice::Folder("sandbox".into()),
            placeholders: vec![("<your_api_token>".into(), "${API_KEY}".into())],
            allow: vec!["127.0.0.1:5432".into()],
            services: vec![],
            files: Vec::new(),
            path: Vec::new(),
            rules: Vec::new(),
        }
    );
    let packages: Vec<_> = config.python.iter().chain(&config.node).map(|package| package.value.as_str()).collect();
    assert_eq!(packages, ["requests==2.32.5", "-e ./sdk", "p-limit@6.2.0"]);
    assert_eq!(file("sandbox = false").unwrap().sandbox, SandboxChoice::Off);
}

#[test]
fn a_misspelt_key_gets_the_near_one_at_its_place() {
    assert_eq!(faults("strcit = true"), [("unknown-key", "strcit".into(), "did you mean `strict`?".into())]);
    assert_eq!(faults("[pages]\ninclud = []"), [("unknown-key", "includ".into(), "did you mean `include`?".into())]);
    assert_eq!(
        faults("[defaults]\ntimeuot = '1s'"),
        [("unknown-option", "timeuot".into(), "did you mean `timeout`?".into())]
    );
    assert_eq!(
        faults("[defaults]\nsteam = 'stdout'"),
        [("unknown-option", "steam".into(), "did you mean `stream`?".into())]
    );
}

#[test]
fn every_fault_of_the_file_is_told() {
    let found =
        faults("edition = 2\nstrict = 'yes'\n[pages]\ninclude = 'a'\nexclude = ['[']\n[env]\n1A = 'x'\nB = []\n");
    let places: Vec<_> = found.iter().map(|(code, place, _)| (*code, place.as_str())).collect();
    assert_eq!(
        places,
        [
            ("bad-value", "2"),
            ("bad-value", "'yes'"),
            ("bad-value", "'a'"),
            ("bad-value", "'['"),
            ("bad-value", "1A"),
            ("bad-value", "[]"),
        ]
    );
}

#[test]
fn a_value_of_the_right_type_is_told_as_it_is() {
    let told = |text: &str| {
        let error = file(text).unwrap_err().remove(0);
        (error.message, error.help.join(" "))
    };
    for (text, message, help) in [
        ("edition = 2", "`edition` cannot be 2", "`edition` takes 1, the only edition so far"),
        ("edition = '1'", "`edition` cannot be a string", "`edition` takes 1, the only edition so far"),
        ("strict = 'yes'", "`strict` cannot be a string", "`strict` takes `true` or `false`"),
        ("[sandbox]\ndir = ''", "`dir` needs a value", "`dir` takes the path of a folder"),
        (
            "[pages]\ninclude = ['a', 1]",
            "`include` cannot hold an integer",
            "`include` takes a list of texts, such as `[\"a\", \"b\"]`",
        ),
        ("[[page]]\npath = ' '", "`path` needs a value", "`path` takes a glob, such as `docs/legacy/*.md`"),
        ("[[service]]\nrun = ''", "`run` needs a value", "`run` takes a text"),
        (
            "[[service]]\nrun = 'a'\ntimeout = '25h'",
            "`timeout` cannot be `25h`",
            "`timeout` takes a duration with its unit, such as `30s`, `500ms` or `2min`, at most `24h`",
        ),
    ] {
        assert_eq!(told(text), (message.to_owned(), help.to_owned()), "{text}");
    }
}

#[test]
fn a_default_is_checked_like_the_option_that_it_is() {
    assert_eq!(faults("[defaults]\ntimeout = 10")[0].0, "bad-value");
    assert_eq!(faults("[defaults]\nname = 'x'")[0].0, "wrong-scope");
}

#[test]
fn what_is_not_toml_is_told_at_its_place() {
    let found = faults("[pages]\ninclude = [\n");
    assert_eq!(found[0].0, "bad-toml");
    assert_eq!(faults("a = 1\na = 2\n")[0].0, "bad-toml");
}

#[test]
fn services_are_read_in_order() {
    let text = "[[service]]\nrun = 'python3 server.py'\nready = 'port:8000'\n\
                [[service]]\nname = 'queue'\nrun = 'worker'\ncwd = 'examples'\ntimeout = '1min'\n";
    let services = file(text).unwrap().services;
    let shown: Vec<_> = services
        .iter()
        .map(|service| {
            let Service { name, run, ready, cwd, timeout, source } = service;
            (name.as_str(), source.slice(run.span), ready.clone(), cwd.as_deref(), timeout.as_secs())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("python3", "'python3 server.py'", Some(crate::options::Ready::Port(8000)), None, 30),
            ("queue", "'worker'", None, Some("examples"), 60),
        ]
    );
}

#[test]
fn every_fault_of_a_service_is_told() {
    let text = "[[service]]\nrun = 'x'\nreday = 'port:1'\n[[service]]\nrun = 'x'\nready = '8000'\ntimeout = 'soon'\n\
                [[service]]\nname = 'x'\n[[service]]\nrun = 1\n";
    let found = faults(text);
    let places: Vec<_> = found.iter().map(|(code, place, _)| (*code, place.as_str())).collect();
    assert_eq!(
        places,
        [
            ("unknown-key", "reday"),
            ("bad-value", "'8000'"),
            ("bad-value", "'soon'"),
            ("bad-value", "[[service]]"),
            ("bad-value", "1"),
        ]
    );
    assert_eq!(found[0].2, "did you mean `ready`?");
    assert_eq!(faults("service = 'x'")[0].0, "bad-value");
    assert_eq!(faults("[defaults]\nbackground = true")[0].0, "wrong-scope");
}

#[test]
fn pages_that_nobody_may_touch_have_their_rules_here() {
    let config = file(
        r#"
[workspace]
files = ["examples/**"]
path = ["target/debug"]
[[page]]
path = "docs/legacy/*.md"
setup = "setup.sh"
timeout = "20s"
env.REGION = "eu"
python = ["requests==2.32.5", "-e ./sdk"]
exit = 1
[[page.step]]
match = "Get a token"
exit = 1
expect-stale = "waits for #12"
[[page.step]]
match = 12
env = { A = "1" }
[[page]]
path = "docs/x.md"
"#,
    )
    .unwrap();
    let keys = |settings: &[Setting]| settings.iter().map(|setting| setting.key.value.clone()).collect::<Vec<_>>();
    assert_eq!((config.files[0].value.as_str(), config.path[0].value.as_str()), ("examples/**", "target/debug"));
    let [legacy, other] = &config.rules[..] else { panic!("two rules: {:?}", config.rules) };
    assert_eq!(legacy.path.value, "docs/legacy/*.md");
    assert_eq!(keys(&legacy.settings), ["setup", "timeout", "env.REGION", "python", "exit"]);
    let steps: Vec<_> = legacy.steps.iter().map(|step| (step.matches.value.as_str(), keys(&step.settings))).collect();
    assert_eq!(steps, [("Get a token", vec!["exit".into(), "expect-stale".into()]), ("12", vec!["env.A".to_owned()])]);
    assert!(legacy.holds_for("docs/legacy/a.md") && !legacy.holds_for("docs/a.md"));
    assert_eq!((other.path.value.as_str(), other.settings.len(), other.steps.len()), ("docs/x.md", 0, 0));
}

#[test]
fn faults_of_a_rule_are_told_at_their_place() {
    let first = |text: &str| {
        let (code, place, help) = faults(text).remove(0);
        format!("{code} {place}: {help}")
    };
    assert_eq!(
        first("[[page]]\ntimeout = '1s'\n"),
        "missing-key timeout: add `path`, a glob relative to this file's folder"
    );
    assert_eq!(
        first("[[page]]\npath = 'a.md'\nname = 'x'\n"),
        "wrong-scope name: write it under `[[page.step]]`, with the step under `match`"
    );
    assert_eq!(first("[[page]]\npath = 'a.md'\ntimeuot = '1s'\n"), "unknown-option timeuot: did you mean `timeout`?");
    assert_eq!(first("[[page]]\npath = '['\n"), "bad-value '[': ");
    assert_eq!(first("page = 1\n"), "bad-value 1: `page` takes tables, each under `[[page]]`");
    assert_eq!(
        first("[[page]]\npath = 'a.md'\n[[page.step]]\nexit = 1\n"),
        "missing-key exit: add `match`: the heading above the step, its name, or its line"
    );
    assert_eq!(
        first("[[page]]\npath = 'a.md'\n[[page.step]]\nmatch = 'x'\nsetup = 'y'\n"),
        "wrong-scope setup: write it under `[[page]]`"
    );
    assert_eq!(
        first("[workspace]\nfiles = ['../x/**']\n"),
        "bad-value '../x/**': a page's `workspace=` may name a folder elsewhere"
    );
    assert_eq!(first("[workspace]\npaths = []\n"), "unknown-key paths: did you mean `path`?");
}

#[test]
fn what_is_no_host_is_told_at_its_place() {
    let found = faults("[network]\nallow = ['db:5432', 'https://x.example/', 'db:99999', '[::1]:80']\n");
    let places: Vec<_> = found.iter().map(|(code, place, _)| format!("{code} {place}")).collect();
    assert_eq!(places, ["bad-value 'https://x.example/'", "bad-value 'db:99999'"]);
}
