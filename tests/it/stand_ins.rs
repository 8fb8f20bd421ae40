//! The sandbox's client packages, on real pages over real Node and Python: what they send and give, where they come from,
//! and what the report says of them.

use std::path::PathBuf;

use serde_json::Value;

use crate::invocation::doccheck;

/// A repository with pages.
struct Site(tempfile::TempDir);

impl Site {
    fn new(files: &[(&str, &str)]) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder can be made"));
        std::fs::create_dir(site.0.path().join(".git")).expect("a folder can be made");
        for (path, text) in files {
            let path = site.0.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
        site
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = doccheck();
        let output = command.current_dir(self.0.path()).arg("run").args(arguments).output().expect("doccheck starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), told)
    }

    /// The report on the page `page.md`.
    fn report(&self) -> Value {
        let mut command = doccheck();
        command.current_dir(self.0.path()).args(["run", "--format", "json", "page.md"]);
        let output = command.output().expect("doccheck starts");
        let run: Value = serde_json::from_slice(&output.stdout).expect("the document is JSON");
        run["pages"][0].clone()
    }
}

/// A page whose every step does what it says; all of its report.
#[track_caller]
fn green(page: &str) -> Value {
    let report = Site::new(&[("page.md", page)]).report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    report
}

/// What a report says of stand-ins: the line and the words.
fn stand_ins(report: &Value) -> Vec<(Option<u64>, String)> {
    let found = report["diagnostics"].as_array().expect("it is an array").iter();
    found
        .filter(|found| found["code"] == "stand-in")
        .map(|found| {
            assert_eq!(found["severity"], "note");
            (found["line"].as_u64(), found["message"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

/// What the step at `index` asked the sandbox for.
fn requests(report: &Value, index: usize) -> Vec<String> {
    let exchanges = report["steps"][index]["exchanges"].as_array().expect("it is an array").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().replace("https://api.truto.one", "");
    exchanges
        .map(|exchange| format!("{} {} {}", text(&exchange["method"]), text(&exchange["url"]), exchange["status"]))
        .collect()
}

fn note(package: &str, option: &str) -> String {
    format!(
        "`{package}` is the sandbox's client 0.1.0, which stands in for the published package: name that under \
         `{option}` to run it"
    )
}

const NODE: &str = "\
# Contacts

```typescript
import Default, { Truto } from '@truto/sdk'

const truto: Truto = new Truto({ apiKey: process.env.TRUTO_API_KEY })
const integratedAccountId = process.env.ACCOUNT_ID
const { data, headers, ...page } = await truto.unified.crm.contacts.list({
  integratedAccountId,
  pageSize: 2,
  filter: { updated_after: new Date('2026-04-01T00:00:00Z') },
})
console.log(Default === Truto, data.length, page.result === data, headers['x-request-id'])
const resource = 'contacts'
const next = await truto.unified.crm[resource].list({ integratedAccountId, limit: 2, nextCursor: page.next_cursor })
console.log(next.data[0].id === data[0].id, next.prev_cursor !== null, Object.keys(next).includes('headers'))
```

```output
true 2 true req_1
false true false
```

```typescript
const accounts = await truto.integratedAccounts.list({ unifiedModel: 'crm', status: 'active', limit: 2 })
console.log(Array.isArray(accounts), accounts.length > 9 ? 10 : 0, accounts.slice(0, 2).map(account => account.tenant_id))
console.log((await truto.integratedAccounts.list({ unifiedModel: 'hris' })).length)
console.log((await truto.integratedAccounts.get(integratedAccountId)).status)
```

```output
true 10 [ 'cust_12345', 'cust_hubspot' ]
3
active
```

```typescript
const record = {
  integratedAccountId,
  data: { first_name: 'Ada', last_name: 'Lovelace' },
  idempotencyKey: 'once',
}
const made = await truto.unified.crm.contacts.create(record)
const again = await truto.unified.crm.contacts.create(record)
console.log(again.id === made.id, JSON.stringify(again) === JSON.stringify(made), Boolean(made.headers['x-request-id']))
const { id } = made
console.log((await truto.unified.crm.contacts.get({ id, integratedAccountId })).name)
console.log((await truto.unified.crm.contacts.update({ id, integratedAccountId, data: { title: 'Countess' } })).title)
console.log(await truto.unified.crm.contacts.delete(id, { integratedAccountId }))
```

```output
true true true
Ada Lovelace
Countess
{ id: '76' }
```
";

#[test]
fn node_calls_the_sandbox_over_http() {
    let report = green(NODE);
    assert_eq!(stand_ins(&report), [(Some(4), note("@truto/sdk", "node"))]);
    let account = "integrated_account_id=8b1f3c52-6d0e-4a7b-9c54-2f1e0d9a7b31";
    let listed = requests(&report, 0);
    let query = format!("updated_after=2026-04-01T00%3A00%3A00.000Z&{account}&limit=2");
    assert_eq!(listed[0], format!("GET /unified/crm/contacts?{query} 200"));
    assert!(listed[1].starts_with(&format!("GET /unified/crm/contacts?{account}&limit=2&next_cursor=")), "{listed:?}");
    let pages = requests(&report, 1);
    assert_eq!(pages[0], "GET /integrated-account?unified_model=crm&status=active&limit=2 200");
    assert!(pages[1].starts_with("GET /integrated-account?unified_model=crm&status=active&limit=2&next_cursor="));
    assert!(pages.len() > 6, "every page is asked for: {pages:?}");
    assert_eq!(
        requests(&report, 2),
        [
            format!("POST /unified/crm/contacts?{account} 201"),
            format!("POST /unified/crm/contacts?{account} 201"),
            format!("GET /unified/crm/contacts/76?{account} 200"),
            format!("PATCH /unified/crm/contacts/76?{account} 200"),
            format!("DELETE /unified/crm/contacts/76?{account} 200"),
        ]
    );
}

const NODE_ERRORS: &str = "\
# Errors

```javascript
import { Truto, TrutoError } from '@truto/sdk'

const truto = new Truto({ apiKey: process.env.TRUTO_API_KEY })
const list = () => truto.unified.crm.contacts.list({ integratedAccountId: process.env.ACCOUNT_ID, limit: 1 })
async function failure(call) {
  try {
    await call()
  } catch (error) {
    return error
  }
}
```

Nothing is retried:

<!-- doccheck: fault=429 -->

```javascript
const limited = await failure(list)
console.log(limited instanceof TrutoError, limited instanceof Error, limited.status, limited.headers['ratelimit-reset'])
console.log(limited.message === limited.body.message, limited.body.statusCode)
```

```output
true true 429 2
true 429
```

<!-- doccheck: fault=429x2 -->

```javascript
for (let tries = 1; ; tries++) {
  const error = await failure(list)
  if (!error) {
    console.log(tries)
    break
  }
  await new Promise(done => setTimeout(done, error.headers['ratelimit-reset'] * 1000))
}
```

```output
3
```

```javascript
for (const call of [
  () => new Truto({ apiKey: 'wrong' }).integratedAccounts.list(),
  () => new Truto().integratedAccounts.list(),
  () => truto.unified.crm.contacts.get({ id: 'a/b', integratedAccountId: process.env.ACCOUNT_ID }),
  () => truto.proxy['v3/contacts'].list({ remoteQuery: { ids: [1, 2], deep: { yes: true } }, query: { status: { in: ['a', 'b'] } } }),
  () => truto.unified.crm.contacts.method('merge', { data: {} }),
  () => truto.unified.crm.contacts.meta('no-such-method'),
  () => truto.integratedAccounts.capabilities({ id: 'x' }),
  () => new Truto({ baseUrl: 'http://127.0.0.1:9/' }).unified.crm.contacts.list(),
]) {
  const error = await failure(call)
  console.log(error.name, error.status, error.message)
}
```

```output
TrutoError 401 The API token is not valid
TrutoError 401 The API token is missing
TrutoError 404 [..]
TrutoError 400 integrated_account_id is required
TrutoError 40[..]
TrutoError 404 [..]
TrutoError 404 [..]
TrutoError 0 cannot reach http://127.0.0.1:9: [..]
```

```javascript
for (const call of [
  () => truto.unified.crm.contacts.delete({ integratedAccountId: 'x' }),
  () => truto.unified.crm.contacts.list({ pagesize: 2 }),
]) {
  const error = await failure(call)
  console.log(error.name, error.message.slice(0, 34))
}
console.log(JSON.stringify(await truto.unified.crm))
```

```output
TypeError `delete` needs an `id`
TypeError `list` has no option `pagesize`; i
{}
```
";

#[test]
fn errors_of_node_carry_what_the_api_said() {
    let report = green(NODE_ERRORS);
    assert_eq!(requests(&report, 1).len(), 1);
    assert_eq!(requests(&report, 2).len(), 3);
    let asked = requests(&report, 3);
    assert!(asked[2].starts_with("GET /unified/crm/contacts/a%2Fb?"), "{asked:?}");
    let query = "status%5Bin%5D=a%2Cb&remote_query%5Bids%5D%5B%5D=1&remote_query%5Bids%5D%5B%5D=2&\
                 remote_query%5Bdeep%5D%5Byes%5D=true";
    let parts = |request: &str| -> Vec<String> {
        let query = request.split(['?', ' ']).nth(2).unwrap_or_default();
        let mut parts: Vec<String> = query.split('&').map(str::to_owned).collect();
        parts.sort();
        parts
    };
    assert_eq!(parts(&asked[3]), parts(&format!("GET /?{query}")), "{asked:?}");
    assert!(asked[4].starts_with("POST /unified/crm/contacts/merge 40"), "{asked:?}");
    // What is wrong in the call itself is never sent.
    assert_eq!(requests(&report, 4), [""; 0]);
}

const PYTHON: &str = "\
# Contacts

```python
import os
from truto import Truto, TrutoError

truto = Truto(api_key=os.environ['TRUTO_API_KEY'])
account = os.environ['ACCOUNT_ID']
page = truto.unified.crm.contacts.list(
    integrated_account_id=account, page_size=2, filter={'updated_after': '2026-04-01T00:00:00Z'}
)
print(len(page.result), page.data is page['result'], page['data'][0].id, page.headers['x-request-id'])
following = truto.unified.crm['contacts'].list(integrated_account_id=account, limit=2, next_cursor=page.next_cursor)
print(following.result[0].id == page.result[0].id, following.prev_cursor is not None, 'headers' in following)
accounts = truto.integrated_accounts.list(unified_model='crm', status='active', limit=2)
print(isinstance(accounts, list), [found.tenant_id for found in accounts][:2], truto.integrated_accounts.get(account).status)
```

```output
2 True 1002 req_1
False True False
True ['cust_12345', 'cust_hubspot'] active
```

```python
record = {'first_name': 'Ada', 'last_name': 'Lovelace'}
contacts = truto.unified.crm.contacts
made = contacts.create(integrated_account_id=account, data=record, idempotency_key='once')
again = contacts.create(integrated_account_id=account, data=record, idempotency_key='once')
print(again == made, contacts.get(made.id, integrated_account_id=account).name)
print(contacts.update(made.id, integrated_account_id=account, data={'title': 'Countess'}).title)
print(contacts.delete(made.id, integrated_account_id=account))
```

```output
True Ada Lovelace
Countess
{'id': '76'}
```

<!-- doccheck: fault=429 -->

```python
try:
    contacts.list(integrated_account_id=account)
except TrutoError as error:
    print(error.status, error.headers['ratelimit-reset'], error.message == error.body['message'], isinstance(error, Exception))
```

```output
429 2 True True
```

```python
for call in (
    lambda: Truto(api_key='wrong').integrated_accounts.list(),
    lambda: Truto().integrated_accounts.list(),
    lambda: truto.proxy['v3/contacts'].list(remote_query={'ids': [1, 2]}, query={'status': {'in': ['a', 'b']}}),
    lambda: contacts.meta('no-such-method'),
    lambda: Truto(base_url='http://127.0.0.1:9/').unified.crm.contacts.list(),
):
    try:
        call()
    except TrutoError as error:
        print(error.status, error)
for call in (lambda: contacts.list(pagesize=2), lambda: contacts.get('')):
    try:
        call()
    except (TypeError, ValueError) as error:
        print(error)
```

```output
401 The API token is not valid
401 The API token is missing
400 integrated_account_id is required
404 [..]
0 cannot reach http://127.0.0.1:9: [..]
[..]unexpected keyword argument 'pagesize'
an `id` is needed
```
";

#[test]
fn python_calls_the_sandbox_over_http() {
    let report = green(PYTHON);
    assert_eq!(stand_ins(&report), [(Some(5), note("truto", "python"))]);
    let account = "integrated_account_id=8b1f3c52-6d0e-4a7b-9c54-2f1e0d9a7b31";
    let listed = requests(&report, 0);
    let query = format!("updated_after=2026-04-01T00%3A00%3A00Z&limit=2&{account}");
    assert_eq!(listed[0], format!("GET /unified/crm/contacts?{query} 200"));
    assert_eq!(requests(&report, 1).len(), 5);
    assert_eq!(requests(&report, 2).len(), 1);
    let query = "remote_query%5Bids%5D%5B%5D=1&remote_query%5Bids%5D%5B%5D=2&status%5Bin%5D=a%2Cb";
    assert_eq!(requests(&report, 3)[2], format!("GET /proxy/v3/contacts?{query} 400"));
}

#[test]
fn a_person_is_told_what_stands_in() {
    let page = "# Page\n\n```js\nimport '@truto/sdk'\n\nconsole.log(1)\n```\n\n```output\n1\n```\n";
    let (status, told) = Site::new(&[("page.md", page)]).run(&["page.md"]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("note[stand-in]: `@truto/sdk` is the sandbox's client 0.1.0"), "{told}");
    assert!(told.contains("page.md:4:1"), "{told}");
}

#[test]
fn programs_in_shells_files_and_workspaces_find_them() {
    let page = "---\ndoccheck:\n  workspace: own\n---\n# Page\n\n```python file=app.py\nimport truto\nprint(truto.__version__)\n```\n\n\
                ```bash\npython3 app.py\npip install truto | cut -c 1-39\nnode scripts/show.mjs\n```\n\n\
                ```output\n0.1.0\nRequirement already satisfied: truto in\nfunction\n```\n";
    let script = "import { Truto } from '@truto/sdk'\nconsole.log(typeof Truto)\n";
    let site = Site::new(&[("page.md", page), ("own/scripts/show.mjs", script)]);
    let report = site.report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    assert_eq!(stand_ins(&report), [(None, note("@truto/sdk", "node")), (Some(8), note("truto", "python"))]);
}

#[test]
fn what_a_page_tells_its_readers_to_install_is_there() {
    let page = "# Page\n\n```bash\nnpm install @truto/sdk\nmkdir app\ncd app\nnpm init -y > init.txt\n\
                npm i --save-exact '@truto/sdk@latest' > install.txt\ngrep -c '\"@truto/sdk\": \"file:' package.json\n\
                node --input-type=module -e 'import { Truto } from \"@truto/sdk\"; console.log(typeof Truto)'\n```\n\n\
                ```output\n...\nup to date in [..]\n1\nfunction\n```\n\n\
                ```js\nimport { Truto } from '@truto/sdk'\n\nconsole.log(typeof Truto)\n```\n\n```output\nfunction\n```\n";
    green(page);
}

#[test]
fn what_the_page_or_the_configuration_installs_is_used() {
    let page = |front: &str| {
        format!(
            "---\ndoccheck:\n{front}\n  time: real\n---\n# Page\n\n```js\nimport {{ text }} from '@truto/sdk'\n\
             console.log(text)\n```\n\n```output\nthe published one\n```\n"
        )
    };
    let package = r#"{"name": "@truto/sdk", "version": "9.0.0", "type": "module", "exports": "./index.js"}"#;
    let sdk = [("sdk/package.json", package), ("sdk/index.js", "export const text = 'the published one'\n")];
    let own = page("  node: file:./sdk");
    let site = Site::new(&[&[("page.md", own.as_str())], &sdk[..]].concat());
    let report = site.report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    assert_eq!(stand_ins(&report), []);

    let (configured, config) = (page("  scopes: []"), "[node]\npackages = [\"file:./sdk\"]\n");
    let site = Site::new(&[&[("page.md", configured.as_str()), ("doccheck.toml", config)], &sdk[..]].concat());
    let report = site.report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    assert_eq!(stand_ins(&report), []);
}

#[test]
fn a_workspace_with_a_module_of_that_name_uses_its_own() {
    let page = "---\ndoccheck:\n  workspace: own\n---\n# Page\n\n```python\nimport truto\nprint(truto.TEXT)\n```\n\n```output\nown\n```\n";
    let report = Site::new(&[("page.md", page), ("own/truto.py", "TEXT = 'own'\n")]).report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    assert_eq!(stand_ins(&report), []);
}

#[test]
fn a_sandbox_of_ones_own_has_its_own_clients() {
    let page = "# Page\n\n```js\nimport { text } from '@acme/sdk'\nconsole.log(text)\n```\n\n```output\nhello\n```\n\n\
                ```python\nfrom acme import TEXT\nprint(TEXT)\n```\n\n```output\nhello\n```\n";
    let files = [
        ("page.md", page),
        ("doccheck.toml", "[sandbox]\ndir = \"api\"\n"),
        ("api/sandbox.toml", "start = \"2026-04-15T09:00:00Z\"\napis = []\n"),
        (
            "api/clients/node/one/package.json",
            r#"{"name": "@acme/sdk", "version": "1.0.0", "type": "module", "exports": "./index.js"}"#,
        ),
        ("api/clients/node/one/index.js", "export const text = 'hello'\n"),
        ("api/clients/python/one/pyproject.toml", "[project]\nname = \"acme-sdk\"\nversion = \"2.0\"\n"),
        ("api/clients/python/one/acme/__init__.py", "TEXT = 'hello'\n"),
    ];
    let site = Site::new(&files);
    // What an interpreter leaves is no part of a package.
    let left: PathBuf = site.0.path().join("api/clients/python/one/acme/__pycache__");
    std::fs::create_dir(&left).expect("a folder can be made");
    std::fs::write(left.join("x.pyc"), [0xff, 0xfe]).expect("a file can be written");
    let report = site.report();
    assert_eq!(report["verdict"], "ok", "{report:#}");
    let told: Vec<_> = stand_ins(&report).into_iter().map(|(line, words)| (line, words[..20].to_owned())).collect();
    assert_eq!(told, [(Some(4), "`@acme/sdk` is the s".to_owned()), (Some(13), "`acme-sdk` is the sa".to_owned())]);

    let missing = Site::new(&[&files[..3], &[("api/clients/node/one/index.js", "")]].concat());
    let (status, told) = missing.run(&["page.md"]);
    assert_eq!(status, 2, "{told}");
    assert!(told.contains("clients/node/one has no package.json"), "{told}");
}

#[test]
fn without_a_sandbox_nothing_stands_in() {
    let page = "# Page\n\n```js\nimport '@truto/sdk'\n```\n";
    let report = Site::new(&[("page.md", page), ("doccheck.toml", "sandbox = false\n")]).report();
    assert_eq!(stand_ins(&report), []);
    let notes = report["steps"][0]["notes"].to_string();
    assert!(notes.contains("the package is not installed"), "{notes}");
}

#[test]
fn a_stand_in_that_a_step_removes_is_not_told_as_missing() {
    let page = "# Page\n\n```bash\nrm -r ../node_modules\n```\n\n```js\nimport '@truto/sdk'\n```\n";
    let site = Site::new(&[("page.md", page)]);
    let report = site.report();
    assert_eq!(report["verdict"], "stale");
    let notes = report["steps"][1]["notes"].to_string();
    assert!(notes.contains("until a step took it away") && !notes.contains("is not installed"), "{notes}");
    let page = "# Page\n\n```python\nimport truto.nosuch\n```\n";
    let notes = Site::new(&[("page.md", page)]).report()["steps"][0]["notes"].to_string();
    assert!(notes.contains("has no module `truto.nosuch`") && !notes.contains("not installed"), "{notes}");
}
