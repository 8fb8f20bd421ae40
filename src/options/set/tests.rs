use std::time::Duration;

use super::super::parse;
use super::*;

fn read(text: &str, scope: Scope) -> (Options, Vec<OptionError>) {
    let (settings, mut errors) = parse(text, 0);
    let mut options = Options::default();
    errors.extend(settings.iter().filter_map(|setting| options.set(setting, scope).err()));
    (options, errors)
}

fn refused(text: &str, scope: Scope) -> OptionError {
    let (_, errors) = read(text, scope);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    errors.into_iter().next().unwrap()
}

#[test]
fn every_option_of_a_fence_is_read() {
    let (options, errors) = read(
        "name=create exit=nonzero timeout=1m30s memory=64MiB stdin='a b' session=two stream=stderr output=any \
         env.A=1 env.B=x=y fault='429x2, 401@3 GET /a*' skip=later",
        Scope::Fence,
    );
    assert_eq!(errors, []);
    assert_eq!(options.name.unwrap().value, "create");
    assert_eq!(options.exit.unwrap().value, ExpectedExit::Nonzero);
    assert_eq!(options.timeout, Some(Duration::from_secs(90)));
    assert_eq!(options.memory, Memory::parse("64MiB"));
    assert_eq!(options.stdin.as_deref(), Some("a b"));
    assert_eq!(options.session.unwrap().value, "two");
    assert_eq!(options.stream, Some(Stream::Stderr));
    assert_eq!(options.output, Some(OutputRule::Any));
    assert_eq!(options.env, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x=y".to_owned())]);
    let faults: Vec<String> = options.fault.unwrap().into_iter().map(|fault| fault.value).collect();
    assert_eq!(faults, ["429x2", "401@3 GET /a*"]);
    assert_eq!(options.skip.unwrap().value, "later");
}

#[test]
fn every_option_of_a_page_is_read() {
    let (options, errors) = read(
        "python=[requests, httpx] node=p-limit@6 scopes=[] setup='touch a' teardown=end.sh timeout=2s env.A=1",
        Scope::Page,
    );
    assert_eq!(errors, []);
    assert_eq!(options.python.iter().map(|package| package.value.as_str()).collect::<Vec<_>>(), ["requests", "httpx"]);
    assert_eq!(options.node[0].value, "p-limit@6");
    assert_eq!(options.scopes, Some(Vec::new()));
    assert_eq!(options.setup.unwrap().value, "touch a");
    assert_eq!(options.teardown.unwrap().value, "end.sh");
}

#[test]
fn an_unknown_key_gets_the_near_one() {
    let error = refused("exti=1", Scope::Fence);
    assert_eq!((error.code, error.help.as_deref()), ("unknown-option", Some("did you mean `exit`?")));
    assert_eq!(error.span.start..error.span.end, 0..4);
    assert_eq!(refused("envv.A=1", Scope::Fence).help.as_deref(), Some("did you mean `env.NAME`?"));
    assert!(refused("colour=red", Scope::Fence).help.unwrap().starts_with("the options here are name, skip"));
    assert_eq!(refused("name.x=1", Scope::Fence).code, "unknown-option");
}

#[test]
fn a_key_in_the_wrong_place_is_told_where_it_belongs() {
    assert_eq!(refused("exit=1", Scope::Page).code, "wrong-scope");
    assert_eq!(refused("python=[a]", Scope::Fence).code, "wrong-scope");
}

#[test]
fn values_that_mean_nothing_are_refused_at_their_place() {
    for text in [
        "exit=256",
        "exit=-1",
        "exit=one",
        "exit",
        "exit=[1]",
        "timeout=10",
        "timeout=soon",
        "timeout=0s",
        "timeout=24h1s",
        "timeout=99999999999h",
        "memory=64",
        "memory=1KiB",
        "memory=lots",
        "memory",
        "file=~/x",
        "name=''",
        "name='a b'",
        "stream=stdin",
        "output=some",
        "env=1",
        "env.1A=x",
        "env.=x",
        "file=/etc/passwd",
        "file=../a",
        "file=a/",
        "fault=",
        "fault=[]",
    ] {
        let error = refused(text, Scope::Fence);
        assert_eq!(error.code, "bad-value", "{text}");
        assert!(error.help.is_some(), "{text}");
    }
    let error = refused("timeout=10", Scope::Fence);
    assert_eq!(error.message, "`timeout` cannot be `10`");
    assert_eq!(read("timeout=24h", Scope::Fence).0.timeout, Some(Duration::from_hours(24)));
    let home = refused("file=~/x", Scope::Fence);
    assert!(home.help.unwrap().contains("`~` stands for no folder"));
    assert_eq!(error.span.start..error.span.end, 8..10);
}

#[test]
fn snapshots_are_kept_or_not() {
    assert_eq!(read("snapshot=true", Scope::Page).0.snapshot, Some(true));
    assert_eq!(read("snapshot=false", Scope::Page).0.snapshot, Some(false));
    assert_eq!(refused("snapshot=yes", Scope::Page).help.as_deref(), Some("`snapshot` takes `true` or `false`"));
    assert_eq!(refused("snapshot=true", Scope::Fence).code, "wrong-scope");
}
