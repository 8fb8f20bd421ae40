//! The grammar of faults, and which requests they meet.

use proptest::prelude::*;

use super::*;
use crate::sandbox::asked::request;

/// What `requests` meet of `faults`.
fn met(faults: &[&str], requests: &[(&str, &str)]) -> Vec<Option<String>> {
    let faults = faults.iter().map(|text| Fault::parse(text).unwrap()).collect::<Vec<_>>();
    let mut armed = Armed::new(&faults);
    let texts = requests
        .iter()
        .map(|(method, path)| armed.decide(&request(method, path), |_| true).map(|decision| decision.text));
    texts.collect()
}

#[test]
fn every_part_of_the_grammar_is_read() {
    let fault = Fault::parse(" 429:reset=60x2@3 GET /contacts* ").unwrap();
    assert_eq!(fault.text, "429:reset=60x2@3 GET /contacts*");
    assert_eq!(fault.harm, Harm::Answer { kind: Kind::Status(429), reset: 60 });
    assert_eq!((fault.times, fault.from), (Some(2), 3));
    assert_eq!((fault.method.as_deref(), fault.path.as_deref()), (Some("GET"), Some("/contacts*")));
}

#[test]
fn every_kind_is_read_by_its_word_alone() {
    for kind in Kind::ALL {
        let fault = Fault::parse(&kind.word()).unwrap();
        assert_eq!((fault.harm, fault.times, fault.from), (Harm::Answer { kind, reset: 2 }, None, 1));
    }
}

#[test]
fn a_latency_says_how_much_later_and_counts_as_any_fault() {
    let fault = Fault::parse("latency:1s500msx2@3 GET /contacts*").unwrap();
    assert_eq!(fault.harm, Harm::Latency(Duration::from_millis(1500)));
    assert_eq!((fault.times, fault.from), (Some(2), 3));
    assert_eq!((fault.method.as_deref(), fault.path.as_deref()), (Some("GET"), Some("/contacts*")));
}

#[test]
fn a_latency_and_a_decision_meet_the_same_request() {
    let faults = ["latency:300msx1", "429x2", "latency:2sx1 GET"].map(|text| Fault::parse(text).unwrap());
    let mut armed = Armed::new(&faults);
    let mut ask = || {
        let request = request("GET", "/");
        (armed.delay(&request), armed.decide(&request, |_| true).map(|decision| decision.text))
    };
    let late = |ms: u64, text: &str| Some((Duration::from_millis(ms), text.to_owned()));
    assert_eq!(ask(), (late(300, "latency:300msx1"), Some("429x2".to_owned())));
    assert_eq!(ask(), (late(2000, "latency:2sx1 GET"), Some("429x2".to_owned())));
    assert_eq!(ask(), (None, None));
    assert!(armed.unmet().is_empty());
}

#[test]
fn faults_of_the_wire_are_told_as_later() {
    for text in ["timeout", "reset x", "truncatex2", "malformed@2 GET"] {
        let error = Fault::parse(text).unwrap_err();
        assert!(error.message.contains("comes later"), "{text}: {}", error.message);
    }
}

#[test]
fn what_cannot_be_read_says_what_to_write() {
    for (text, message, help) in [
        ("", "a fault needs a kind", "the kinds are `400`, `401`"),
        ("418", "there is no fault `418`", "did you mean `4"),
        ("429x2:reset=60", "a fault's argument stands before its counts", "write `429:reset=60x2`"),
        ("429x2:reset=60@3 GET /x", "a fault's argument stands before its counts", "write `429:reset=60x2@3 GET /x`"),
        ("429@3:reset=60", "a fault's argument stands before its counts", "write `429:reset=60@3`"),
        ("429x2:soon", "there is no fault `429x2`", "did you mean `429`?"),
        ("banana", "there is no fault `banana`", "the kinds are"),
        ("expired-tokn", "there is no fault `expired-tokn`", "did you mean `expired-token`?"),
        ("401x0", "`x0` is no count", "count from 1"),
        ("401@", "`@` is no count", "count from 1"),
        ("401@2x3", "`@2x3` is no count", "`x` stands before `@`"),
        ("latency", "`latency` needs a time", "such as `latency:300ms`"),
        ("latency:soon", "`soon` does not fit after `latency:`", "such as `latency:300ms`"),
        ("latency:0s", "`0s` does not fit after `latency:`", "such as `latency:300ms`"),
        ("latencyx2:300ms", "a fault's argument stands before its counts", "write `latency:300msx2`"),
        ("latancy:300ms", "there is no fault `latancy`", "did you mean `latency`?"),
        ("500:reset=3", "`500` takes no argument", "write `500` alone"),
        ("429:reset=soon", "`reset=soon` does not fit after `429:`", "`429:reset=60`"),
        ("429 get", "`get` does not fit into a fault", "`429x2 GET /contacts*`"),
        ("429 GET POST", "`POST` does not fit into a fault", "one method"),
        ("429x99999999999999999999999", "`x99999999999999999999999` is no count", "count from 1"),
    ] {
        let error = Fault::parse(text).unwrap_err();
        assert_eq!(error.message, message);
        assert!(error.help.as_deref().unwrap_or_default().contains(help), "{text}: {:?}", error.help);
    }
}

#[test]
fn a_fault_meets_as_many_requests_as_it_says() {
    let gets = [("GET", "/a"); 4];
    let fault = |text: &str| Some(text.to_owned());
    assert_eq!(met(&["500"], &gets), vec![fault("500"); 4]);
    assert_eq!(met(&["429x2"], &gets), [fault("429x2"), fault("429x2"), None, None]);
    assert_eq!(met(&["401@3"], &gets), [None, None, fault("401@3"), fault("401@3")]);
    assert_eq!(met(&["401x1@2"], &gets), [None, fault("401x1@2"), None, None]);
}

#[test]
fn several_faults_come_one_after_the_other() {
    let gets = [("GET", "/a"); 3];
    assert_eq!(met(&["429x1", "500x1"], &gets), [Some("429x1".to_owned()), Some("500x1".to_owned()), None]);
}

#[test]
fn method_and_path_choose_the_requests() {
    let requests = [("GET", "/a/b"), ("POST", "/a"), ("POST", "/a/b")];
    assert_eq!(met(&["500 POST /a/*"], &requests), [None, None, Some("500 POST /a/*".to_owned())]);
    assert!(path_matches("/a*b*c", "/a-b-b-c"));
    assert!(path_matches("/é*", "/é"));
    assert!(!path_matches("/a*b", "/abc"));
}

#[test]
fn faults_that_nothing_met_are_told_as_written() {
    let faults = [Fault::parse("429x2").unwrap(), Fault::parse("500 DELETE").unwrap()];
    let mut armed = Armed::new(&faults);
    assert!(armed.decide(&request("GET", "/"), |_| true).is_some());
    assert_eq!(armed.unmet(), ["500 DELETE"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_grammar_panic(text in "\\PC{0,24}", tail in "(x|@|:|[0-9]|429| |/|\\*|é){0,12}") {
        let _ = Fault::parse(&text);
        let _ = Fault::parse(&format!("429{tail}"));
    }
}
