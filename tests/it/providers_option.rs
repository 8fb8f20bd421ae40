//! `provider=`: a page runs once for each provider that it names, and each run is one of its own wherever runs are told,
//! kept, parted or blessed.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::invocation::doccheck;

/// True for the first of its providers only.
const WHO: &str = "\
# Who

<!-- doccheck: name=who provider=hubspot,salesforce -->

```bash
echo \"$PROVIDER $TENANT_ID $PROVIDER_URL\"
```

```output
hubspot cust_hubspot https://api.hubapi.com
```
";

/// A repository with pages in `docs/`, and a cache of its own for what is kept of runs.
struct Site(tempfile::TempDir);

impl Site {
    fn new(pages: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder can be made"));
        for folder in [".git", "docs"] {
            std::fs::create_dir(site.path(folder)).expect("a folder can be made");
        }
        pages.iter().for_each(|(path, text)| site.write(path, text));
        site
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).expect("a file can be written");
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("the file is there")
    }

    /// The exit status and what was printed, standard output first.
    fn call(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
        let mut command = doccheck();
        command.current_dir(self.0.path()).env("XDG_CACHE_HOME", self.path(".cache")).args(arguments);
        let output = command.envs(variables.iter().copied()).output().expect("doccheck starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), told)
    }

    /// The document of a command, and its exit status.
    fn document(&self, arguments: &[&str]) -> (i32, Value) {
        let mut command = doccheck();
        command.current_dir(self.0.path()).env("XDG_CACHE_HOME", self.path(".cache"));
        let output = command.args(arguments).args(["--format", "json"]).output().expect("doccheck starts");
        let document = serde_json::from_slice(&output.stdout).expect("it prints a document");
        (output.status.code().unwrap_or(-1), document)
    }
}

/// `provider verdict` of each page of a run's document, in order.
fn runs(document: &Value) -> Vec<String> {
    let pages = document["pages"].as_array().expect("pages").iter();
    let told = pages.map(|page| format!("{} {}", page["provider"].as_str().unwrap_or("-"), word(&page["verdict"])));
    told.collect()
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// The providers of each page of a list's document, and the messages, lines and help of what is wrong with it.
fn listed(document: &Value) -> Vec<(Vec<&str>, Vec<String>)> {
    let listed = |page: &'_ Value| {
        let found = page["diagnostics"].as_array().expect("findings").iter();
        let found = found.map(|found| {
            let column = format!("{}:{}", found["line"], found["column"]);
            format!("{column} {}; {}", word(&found["message"]), found["help"].as_str().unwrap_or_default())
        });
        found.collect::<Vec<_>>()
    };
    let pages = document["pages"].as_array().expect("pages").iter();
    let providers = |page: &'_ Value| page["providers"].as_array().cloned().unwrap_or_default();
    pages
        .map(|page| {
            let count = providers(page).len();
            ((0..count).map(|at| word(&page["providers"][at])).collect(), listed(page))
        })
        .collect()
}

#[test]
fn one_page_reads_the_same_from_every_crm() {
    let page = "\
# The first contact

<!-- doccheck: provider=all -->

```bash
curl -s \"https://api.truto.one/unified/crm/contacts?integrated_account_id=$ACCOUNT_ID&limit=1\" \\
  -H \"Authorization: Bearer $TRUTO_API_KEY\"
```

```json
{ \"result\": [{ \"id\": \"<string>\", \"first_name\": \"Elif\", \"last_name\": \"Mendoza\", ... }], ... }
```
";
    let site = Site::new(&[("docs/first.md", page)]);
    let (status, document) = site.document(&["run", "docs"]);
    let crms = ["hubspot", "salesforce", "zendesk-sell", "pipedrive", "dynamics_365", "close", "copper", "zoho"];
    assert_eq!(runs(&document), crms.map(|provider| format!("{provider} ok")), "{document:#}");
    assert_eq!((status, &document["summary"]["pages"], &document["summary"]["steps"]), (0, &8.into(), &8.into()));
    // Each asks for an account of its own.
    let asked: BTreeSet<String> =
        (0..8).map(|at| document["pages"][at]["steps"][0]["exchanges"][0]["url"].to_string()).collect();
    assert_eq!(asked.len(), 8);
}

#[test]
fn a_run_reaches_the_providers_own_api_with_its_token() {
    let page = "\
---
doccheck:
  provider: [hubspot]
---

```bash
curl -s \"$PROVIDER_URL/crm/v3/objects/contacts?limit=1\" -H \"Authorization: Bearer $PROVIDER_TOKEN\"
```

```json
{ \"results\": [{ \"id\": \"<string>\", ... }], ... }
```
";
    let site = Site::new(&[("docs/own.md", page)]);
    let (status, document) = site.document(&["run", "docs"]);
    assert_eq!((status, runs(&document)), (0, vec!["hubspot ok".to_owned()]), "{document:#}");
}

#[test]
fn a_page_imports_the_client_once_for_all_runs() {
    let page = "\
# Who is there

```javascript provider=salesforce,zoho
import { Truto } from '@truto/sdk'

const truto = new Truto({ apiKey: process.env.TRUTO_API_KEY })
const { data } = await truto.unified.crm.contacts.list({ integratedAccountId: process.env.ACCOUNT_ID, limit: 2 })
console.log(data.map(contact => contact.name))
```

```output
[ 'Elif Mendoza', [..] ]
```
";
    let site = Site::new(&[("docs/client.md", page)]);
    let (status, document) = site.document(&["run", "docs"]);
    assert_eq!((status, runs(&document)), (0, vec!["salesforce ok".into(), "zoho ok".into()]), "{document:#}");
    let codes = |at: usize| -> Vec<String> {
        let found = document["pages"][at]["diagnostics"].as_array().expect("findings").iter();
        found.map(|found| word(&found["code"]).to_owned()).collect()
    };
    assert_eq!((codes(0), codes(1)), (vec!["stand-in".to_owned()], vec![]));
}

#[test]
fn one_run_of_a_page_is_taken_by_its_title() {
    let other = "```bash\ntrue\n```\n";
    let site = Site::new(&[("docs/who.md", WHO), ("docs/other.md", other)]);
    let (status, document) = site.document(&["run", "docs/who.md (salesforce)", "./docs/other.md"]);
    assert_eq!((status, runs(&document)), (1, vec!["salesforce stale".into(), "- ok".into()]));
    let (status, document) = site.document(&["run", "docs/who.md (hubspot)"]);
    assert_eq!((status, runs(&document)), (0, vec!["hubspot ok".to_owned()]));
    for (title, told) in [
        (
            "docs/who.md (salesfroce)",
            "docs/who.md does not run for `salesfroce`\n   = help: did you mean `salesforce`?",
        ),
        ("docs/who.md (zoho)", "docs/who.md does not run for `zoho`\n   = help: it runs for hubspot, salesforce"),
        ("docs/other.md (zoho)", "docs/other.md does not run for `zoho`\n   = help: name the page alone"),
        ("docs/gone.md (zoho)", "there is no page or folder docs/gone.md"),
    ] {
        let (status, printed) = site.call(&["run", title], &[]);
        assert!(status == 2 && printed.contains(told), "{title}: {status} {printed}");
    }
    // What one run says alone does not change the page.
    let (status, told) = site.call(&["bless", "docs/who.md (salesforce)"], &[]);
    assert!(status == 1 && told.contains("`who` does not print the same in every run"), "{told}");
}

#[test]
fn a_change_of_the_page_touches_all_its_runs() {
    let site = Site::new(&[("docs/who.md", WHO), ("docs/other.md", "```bash\ntrue\n```\n")]);
    std::fs::remove_dir(site.path(".git")).expect("the folder is there");
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut command = std::process::Command::new("git");
        let output = command.current_dir(site.0.path()).args(who).args(arguments).output().expect("git starts");
        assert!(output.status.success(), "{output:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "docs"]);
    git(&["commit", "--quiet", "--message", "pages"]);
    site.write("docs/who.md", &WHO.replace("# Who", "# Whose"));
    let (_, document) = site.document(&["run", "docs", "--changed-since", "HEAD"]);
    assert_eq!(runs(&document), ["hubspot ok", "salesforce stale"]);
}

#[test]
fn each_run_is_told_as_one_of_its_own() {
    let site = Site::new(&[("docs/who.md", WHO)]);
    let formats = ["junit=r.xml", "sarif=r.sarif", "markdown=r.markdown", "json=r.json"];
    let outputs = formats.iter().flat_map(|format| ["--output", format]);
    let arguments: Vec<&str> = ["run", "docs/who.md"].into_iter().chain(outputs).collect();
    let (status, told) = site.call(&arguments, &[("GITHUB_ACTIONS", "true")]);
    assert_eq!(status, 1, "{told}");
    for line in [
        "✓ ok          docs/who.md:5 (hubspot) ",
        "✗ stale       docs/who.md:5 (salesforce) ",
        "`who`, bash, docs/who.md:5 (salesforce), exit status 0",
        "2 pages: 1 ok, 1 stale; 2 steps: 1 ok, 1 stale",
        "::error file=docs/who.md,line=10,title=stale output%3A who (salesforce)::",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let document: Value = serde_json::from_str(&site.read("r.json")).expect("JSON");
    assert_eq!(runs(&document), ["hubspot ok", "salesforce stale"]);
    let checks = &document["pages"][1]["steps"][0]["checks"];
    let output = checks.as_array().expect("checks").iter().find(|check| check["kind"] == "output").expect("an output");
    assert_eq!(word(&output["actual"]).trim(), "salesforce cust_salesforce https://acme.my.salesforce.com");
    let junit = site.read("r.xml");
    for case in [
        "<testsuite name=\"docs/who.md (hubspot)\" tests=\"1\" failures=\"0\"",
        "<testsuite name=\"docs/who.md (salesforce)\" tests=\"1\" failures=\"1\"",
        "classname=\"docs/who.md (salesforce)\"",
        "file=\"docs/who.md\"",
    ] {
        assert!(junit.contains(case), "{case}: {junit}");
    }
    let sarif: Value = serde_json::from_str(&site.read("r.sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert!(word(&result["message"]["text"]).starts_with("salesforce: what `who` printed is not what the page shows"));
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "docs/who.md");
    let markdown = site.read("r.markdown");
    assert!(markdown.contains("docs/who.md&#58;10 &#40;salesforce&#41;"), "{markdown}");
    let (_, report) = site.call(&["report", "--output", "markdown=again.markdown"], &[]);
    assert_eq!(site.read("again.markdown"), markdown, "{report}");
    // What is kept of a run is kept of each.
    let kept: Vec<String> = transcripts(&site.path(".cache"));
    assert_eq!(kept, ["docs%2Fwho.md (hubspot).json", "docs%2Fwho.md (salesforce).json"]);
}

/// The names of the transcripts that are kept in a cache.
fn transcripts(cache: &Path) -> Vec<String> {
    let entries = walkdir::WalkDir::new(cache).sort_by_file_name().into_iter().filter_map(Result::ok);
    let kept = entries.filter(|entry| entry.path().parent().is_some_and(|folder| folder.ends_with("last")));
    kept.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_page_says_its_providers_where_it_likes() {
    let step = "```bash\ntrue\n```\n";
    let before = |option: &str| format!("<!-- doccheck: {option} -->\n\n{step}");
    let front = |option: &str| format!("---\ndoccheck:\n  {option}\n---\n\n{step}");
    let pages = [
        ("docs/a.md", front("provider: hubspot, Salesforce")),
        ("docs/b.md", front("provider: [all:hris]")),
        ("docs/c.md", before("provider=all:ats,zendesk-support")),
        ("docs/d.md", before("provider=[close, close]")),
        ("docs/e.md", step.replace("bash", "bash provider=zoho")),
        // Another tool's word, and a fence that is no step.
        ("docs/f.md", step.replace("bash", "bash provider=terraform")),
        ("docs/g.md", front("provider: []")),
        ("docs/h.md", format!("{}\n{}", front("provider: close"), before("provider=close"))),
        ("docs/i.md", step.to_owned()),
        ("docs/j.md", "words\n".to_owned()),
    ];
    let pages: Vec<(&str, &str)> = pages.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let site = Site::new(&pages);
    let told = |document: &Value| -> Vec<String> {
        let listed = listed(document).into_iter();
        listed.map(|(providers, found)| format!("{}{}", providers.join(" "), found.join("; "))).collect()
    };
    let (status, document) = site.document(&["list", "docs"]);
    let own = [
        "hubspot salesforce",
        "bamboohr personio",
        "greenhouse lever zendesk_support",
        "close",
        "zoho",
        "",
        "",
        "close",
        "",
        "",
    ];
    assert_eq!((status, told(&document)), (0, own.map(str::to_owned).to_vec()));
    let (_, text) = site.call(&["list", "docs/a.md"], &[]);
    assert!(text.starts_with("docs/a.md  runs for hubspot, salesforce\n"), "{text}");

    // The configuration holds where the page says nothing; an empty list says that it is to run once.
    let config = "[pages]\ninclude = [\"docs/*.md\"]\n[defaults]\nprovider = \"copper\"\n\
                  [[page]]\npath = \"docs/i.md\"\n[[page.step]]\nmatch = \"shell-1\"\nprovider = [\"lever\"]\n";
    site.write("doccheck.toml", config);
    let (_, document) = site.document(&["list"]);
    let mut configured = own;
    (configured[5], configured[8]) = ("copper", "lever");
    assert_eq!(told(&document), configured);
    let (status, document) = site.document(&["run", "docs/g.md", "docs/j.md", "docs/i.md"]);
    assert_eq!((status, runs(&document)), (2, vec!["- ok".into(), "- error".into(), "lever ok".into()]));
}

#[test]
fn what_names_no_provider_is_told_at_its_place() {
    let step = "```bash\ntrue\n```\n";
    let pages = [
        ("docs/a.md", format!("<!-- doccheck: provider=close,hubspto -->\n\n{step}")),
        ("docs/b.md", format!("---\ndoccheck:\n  provider: all:hirs\n---\n\n{step}")),
        ("docs/c.md", step.replace("bash", "bash provider=hubspto")),
        ("docs/d.md", format!("<!-- doccheck: provider=nothing-of-it -->\n\n{step}")),
        (
            "docs/e.md",
            format!("<!-- doccheck: provider=all -->\n\n{step}\n<!-- doccheck: provider=close -->\n\n{step}"),
        ),
        ("docs/f.md", format!("<!-- doccheck: provider= -->\n\n{step}")),
    ];
    let pages: Vec<(&str, &str)> = pages.iter().map(|(path, text)| (*path, text.as_str())).collect();
    let site = Site::new(&pages);
    let (status, document) = site.document(&["list", "docs"]);
    let told: Vec<String> = listed(&document).into_iter().map(|(_, found)| found.join(" / ")).collect();
    let expected = [
        "1:31 the sandbox knows no provider `hubspto`; did you mean `hubspot`?",
        "3:13 the sandbox has no provider of the category `hirs`; did you mean `all:hris`?",
        "1:18 the sandbox knows no provider `hubspto`; did you mean `hubspot`?",
    ];
    assert_eq!((status, &told[..3]), (2, &expected.map(str::to_owned)[..]));
    assert!(
        told[3].starts_with("1:25 the sandbox knows no provider `nothing-of-it`; the providers are "),
        "{}",
        told[3]
    );
    assert!(told[4].starts_with("7:25 the page is said to run for other providers elsewhere; "), "{}", told[4]);
    assert_eq!(
        told[5],
        "1:16 `provider` needs a value; `provider` takes `all`, or providers with commas between, such as `provider=all`"
    );
    // A run tells the same, once.
    let (status, document) = site.document(&["run", "docs/a.md"]);
    assert_eq!((status, runs(&document)), (2, vec!["- error".to_owned()]));
    assert_eq!(document["pages"][0]["diagnostics"].as_array().map(Vec::len), Some(1));
    let (status, told) = site.call(&["bless", "docs/a.md"], &[]);
    assert!(status == 2 && told.contains("unknown-provider"), "{told}");
    site.write("doccheck.toml", "sandbox = false\n");
    let (_, told) = site.call(&["run", "docs/a.md"], &[]);
    assert!(told.contains("the sandbox has no provider with an account"), "{told}");
}

#[test]
fn what_is_said_of_the_page_itself_is_said_once() {
    let page = "---\ndoccheck:\n  provider: hubspot, close\n---\n\n```bsh\ntrue\n```\n\n```bash\ntrue\n```\n";
    let site = Site::new(&[("docs/x.md", page)]);
    let (_, document) = site.document(&["run", "docs/x.md"]);
    let counts: Vec<_> = (0..2).map(|at| document["pages"][at]["diagnostics"].as_array().map_or(9, Vec::len)).collect();
    assert_eq!((counts, runs(&document)), (vec![1, 0], vec!["hubspot ok".into(), "close ok".into()]), "{document:#}");
}

#[test]
fn parts_of_a_run_hold_each_run_once() {
    let page = WHO.replace("hubspot,salesforce", "all").replace("hubspot cust_hubspot https://api.hubapi.com", "[..]");
    let site = Site::new(&[("docs/who.md", &page)]);
    let mut held = Vec::new();
    for shard in ["1/2", "2/2"] {
        let output = format!("json={}.json", &shard[..1]);
        let (status, document) = site.document(&["run", "docs", "--shard", shard, "--output", &output]);
        assert_eq!(status, 0, "{document:#}");
        held.push(runs(&document));
    }
    assert!(held.iter().all(|part| !part.is_empty()), "one page is shared by several machines: {held:?}");
    let (status, document) = site.document_of_merge(&["1.json", "2.json"]);
    assert_eq!((status, &document["summary"]["pages"]), (0, &8.into()), "{document:#}");
    let all: BTreeSet<String> = runs(&document).into_iter().collect();
    assert_eq!((all.len(), held.concat().into_iter().collect::<BTreeSet<_>>()), (8, all));
}

impl Site {
    fn document_of_merge(&self, files: &[&str]) -> (i32, Value) {
        let arguments: Vec<&str> =
            ["report", "merge"].into_iter().chain(files.iter().copied()).chain(["--output", "json=all.json"]).collect();
        let (status, told) = self.call(&arguments, &[]);
        (status, serde_json::from_str(&self.read("all.json")).unwrap_or_else(|_| panic!("{told}")))
    }
}

#[test]
fn the_list_of_known_stale_steps_has_a_line_for_each_run() {
    let site = Site::new(&[("docs/who.md", WHO)]);
    let run = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["run", "docs", "--baseline", "known.txt"].into_iter().chain(more.iter().copied()).collect();
        site.call(&arguments, &[])
    };
    let lines = || -> Vec<String> {
        let text = site.read("known.txt");
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (status, told) = run(&["--update-baseline"]);
    assert_eq!((status, lines()), (0, vec!["docs/who.md (salesforce) :: who".to_owned()]), "{told}");
    let (status, told) = run(&[]);
    assert!(status == 0 && told.contains("2 pages: 1 ok, 1 known stale"), "{told}");

    // A line of the page alone stands for all its runs, and is taken apart where they differ.
    site.write("known.txt", "docs/who.md :: who\n");
    let (status, told) = run(&[]);
    assert!(status == 1 && told.contains("`who` is true again"), "{told}");
    // What did not run keeps its lines.
    let one = ["run", "docs/who.md (salesforce)", "--baseline", "known.txt", "--update-baseline"];
    let (status, told) = site.call(&one, &[]);
    let both = ["docs/who.md (hubspot) :: who", "docs/who.md (salesforce) :: who"].map(str::to_owned);
    assert_eq!((status, lines()), (0, both.to_vec()), "{told}");
    let (status, told) = run(&["--update-baseline"]);
    assert_eq!((status, lines()), (0, both[1..].to_vec()), "{told}");

    site.write("docs/who.md", &WHO.replace("hubspot,salesforce", "hubspot"));
    let (status, told) = run(&[]);
    assert!(status == 1 && told.contains("there is no run of docs/who.md for `salesforce`"), "{told}");
    let (status, told) = run(&["--update-baseline"]);
    assert_eq!((status, lines()), (0, Vec::new()), "{told}");
}

#[test]
fn snapshots_are_kept_of_each_run() {
    let page = "---\ndoccheck:\n  snapshot: true\n  provider: [hubspot, close]\n---\n\n```bash name=who\necho $PROVIDER\n```\n";
    let site = Site::new(&[("docs/x.md", page)]);
    let run = |update: &str| site.call(&["run", "docs/x.md"], &[("INSTA_UPDATE", update)]);
    assert_eq!(run("always").0, 0);
    assert!(site.read("docs/snapshots/x__who@hubspot.snap").ends_with("---\nhubspot\n"));
    assert!(site.read("docs/snapshots/x__who@close.snap").ends_with("---\nclose\n"));
    let (status, told) = run("no");
    assert!(status == 0 && !told.contains("unreferenced-snapshot"), "{told}");
    site.write("docs/snapshots/x__who.snap", &site.read("docs/snapshots/x__who@close.snap"));
    site.write("docs/x.md", &page.replace("hubspot, close", "hubspot, copper"));
    let (_, told) = run("always");
    let lonely: Vec<&str> = told.lines().filter(|line| line.contains("unreferenced-snapshot")).collect();
    assert_eq!(lonely.len(), 2, "{told}");
    assert!(told.contains("docs/snapshots/x__who.snap") && told.contains("docs/snapshots/x__who@close.snap"), "{told}");
}

#[test]
fn a_page_is_blessed_where_its_runs_agree() {
    let page = "\
---
doccheck:
  provider: [hubspot, salesforce]
---

```bash name=same
echo one
```

```output
two
```

```bash name=other
echo $PROVIDER
```

```output
hubspot
```

```console
$ echo a
b
$ echo $PROVIDER is here
nobody [..]
```
";
    let site = Site::new(&[("docs/x.md", page)]);
    let (status, told) = site.call(&["bless", "docs/x.md"], &[]);
    assert_eq!(status, 1, "{told}");
    for words in [
        "docs/x.md: 2 steps blessed",
        "`other` does not print the same in every run: what the page shows for hubspot; one thing for salesforce",
        "does not print the same in every run: one thing for hubspot; one thing for salesforce",
        "let the page run for fewer providers",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let blessed = page.replace("\ntwo\n", "\none\n").replace("\nb\n", "\na\n");
    assert_eq!(site.read("docs/x.md"), blessed);
    // With what they share shown, they are judged by the runs that have been.
    let text = blessed.replace("```output\nhubspot\n", "```output\n[..]\n").replace("nobody [..]", "[..] is here");
    site.write("docs/x.md", &text);
    let (status, told) = site.call(&["review", "docs/x.md"], &[]);
    assert!(status == 2 && told.contains("this is no terminal"), "{told}");
    let (status, told) = site.call(&["bless", "docs/x.md"], &[]);
    assert!(status == 0 && told.contains("nothing to bless: the pages are true"), "{told}");
    // Nothing was run again for that: the second time its transcripts fit.
    let (status, told) = site.call(&["bless", "--check", "docs/x.md"], &[]);
    assert_eq!((status, told.as_str()), (0, "nothing to bless: the pages are true\n"));
}

#[test]
fn a_change_by_wildcards_is_taken_where_it_holds_for_all() {
    let page = "\
---
doccheck:
  provider: all
---

```bash name=who
echo \"tenant: $TENANT_ID\"; echo new
```

```output
tenant: [..]
old
```
";
    let site = Site::new(&[("docs/x.md", page)]);
    let (status, told) = site.call(&["bless", "docs/x.md"], &[]);
    assert_eq!((status, told.trim()), (0, "docs/x.md: 1 step blessed"));
    assert_eq!(site.read("docs/x.md"), page.replace("old", "new"));
    let (status, told) = site.call(&["bless", "--add", "--check", "docs/x.md"], &[]);
    assert_eq!((status, told.as_str()), (0, "nothing to bless: the pages are true\n"));
}

#[test]
fn outputs_are_added_where_the_runs_agree() {
    let page = "---\ndoccheck:\n  provider: [hubspot, close]\n---\n\n```bash name=a\necho same\n```\n\n```bash name=b\necho $PROVIDER\n```\n";
    let site = Site::new(&[("docs/x.md", page)]);
    let (status, told) = site.call(&["bless", "--add", "docs/x.md"], &[]);
    assert_eq!(status, 1, "{told}");
    assert!(
        told.contains("`b` does not print the same in every run: one thing for hubspot; one thing for close"),
        "{told}"
    );
    assert_eq!(site.read("docs/x.md"), page.replace("echo same\n```\n", "echo same\n```\n\n```text\nsame\n```\n"));
}

#[test]
fn a_transcript_of_the_page_holds_every_run() {
    let site = Site::new(&[("docs/who.md", WHO)]);
    let root = site.0.path().to_str().expect("a path");
    let (name, text) = doccheck::macros::perform("docs/who.md", root).expect("it runs");
    assert_eq!(name, "docs/who");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("==") || line.starts_with("  |")).collect();
    let expected = [
        "== hubspot ==",
        "  | hubspot cust_hubspot https://api.hubapi.com",
        "== salesforce ==",
        "  | salesforce cust_salesforce https://acme.my.salesforce.com",
    ];
    assert_eq!(lines, expected, "{text}");
}
