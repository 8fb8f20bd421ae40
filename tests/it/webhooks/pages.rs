//! Pages with a receiver of their own.

use super::{ACCOUNT, ACCOUNT_TOKEN};
use crate::virtual_time::{Run, run as run_page};

/// Runs a page whose steps may take their time on a machine that has much else to do.
fn run(page: &str) -> Run {
    run_page(&format!("---\ndoccheck:\n  timeout: 60s\n---\n\n{page}"))
}

/// A receiver that answers as often as `refusals` says with 500, then with 200, and writes down what it was told. `before`
/// is what it does before it answers.
fn receiver(refusals: usize, before: &str) -> String {
    format!(
        r#"Save this as `receiver.py`:

```python file=receiver.py
import hashlib, hmac, http.server, json, os, time, urllib.request

refusals = [500] * {refusals}

class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = hmac.new(open("secret").read().strip().encode(), body, hashlib.sha256).hexdigest()
        is_right = self.headers["X-Truto-Signature"] == f"format=sha256,v={{signed}}"
        {before}
        status = refusals.pop() if refusals else 200
        with open("told", "a") as told:
            told.write(f"{{json.loads(body)['event']}} {{is_right}} {{status}}\n")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", 3000), Receiver).serve_forever()
```

```bash ready=port:3000
python3 receiver.py
```

"#
    )
}

/// Subscribes to `event`, to be called at `url`, and makes a contact.
fn subscription(url: &str, event: &str) -> String {
    format!(
        r#"```bash
curl -s https://api.truto.one/webhook -H "Authorization: Bearer $TRUTO_API_KEY" -H "Content-Type: application/json" \
  -d '{{"target_url": "{url}", "event_types": ["{event}"]}}' \
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])' > secret
curl -s -o made https://api.truto.one/unified/crm/contacts?integrated_account_id={ACCOUNT} \
  -H "Authorization: Bearer $TRUTO_API_KEY" -H "Content-Type: application/json" -d '{{"last_name": "Lovelace"}}'
```

"#
    )
}

const RECEIVER: &str = "http://localhost:3000/hooks";

/// Tells from the journal when the webhook was called, in seconds since the first time, and what was answered.
const CALLS: &str = r#"```bash
curl -s http://sandbox.doccheck/_sandbox/journal | python3 -c '
import datetime, json, sys
calls = [entry for entry in json.load(sys.stdin)["entries"] if entry["kind"] == "webhook"]
at = [datetime.datetime.fromisoformat(call["at"].replace("Z", "+00:00")) for call in calls]
for call, moment in zip(calls, at):
    print(round((moment - at[0]).total_seconds(), 2), call["event"], call["attempt"], call["status"])'
```

"#;

#[test]
fn a_webhook_is_waited_for_and_its_signature_is_right() {
    let page = format!(
        "{}{}```bash when=webhook:record:created\ncat told\n```\n\n```output\nrecord:created True 200\n```\n",
        receiver(0, "pass"),
        subscription(RECEIVER, "record:created")
    );
    let run = run(&page);
    // Two requests and a call, 20 ms each, and what the provider takes: nobody waited for anything else.
    assert!(run.is_true_but_unchecked().virtual_seconds() < 1.0);
}

#[test]
fn a_call_that_is_refused_comes_again_at_its_time() {
    let page = format!(
        "{}{}```bash when=webhook:record:created\ncat told\n```\n\n```output\nrecord:created True 500\n\
         record:created True 500\nrecord:created True 200\n```\n\n{CALLS}```output\n0.0 record:created 1 500\n\
         1.02 record:created 2 500\n11.04 record:created 3 200\n```\n",
        receiver(2, "pass"),
        subscription(RECEIVER, "record:created")
    );
    run(&page).is_true_but_unchecked();
}

#[test]
fn a_receiver_may_sleep_and_ask_the_sandbox_before_it_answers() {
    let before = "time.sleep(5); urllib.request.urlopen(urllib.request.Request('https://api.hubapi.com/crm/v3/objects/contacts', \
                  headers={'Authorization': 'Bearer ' + os.environ['HUBSPOT_ACCESS_TOKEN']})).read()";
    let page = format!(
        "{}{}```bash when=webhook:record:created\ncat told\n```\n\n```output\nrecord:created True 200\n```\n",
        receiver(0, before),
        subscription(RECEIVER, "record:created")
    );
    let virtual_s = run(&page).is_true_but_unchecked().virtual_seconds();
    assert!((5.0..6.0).contains(&virtual_s), "{virtual_s}");
}

#[test]
fn each_step_waits_for_a_call_of_its_own() {
    let again = subscription(RECEIVER, "record:updated");
    let made = again.split("curl -s -o made").nth(1).unwrap();
    let page = format!(
        "{}{}```bash when=webhook:record:created\nwc -l < told\n```\n\n```output\n1\n```\n\n```bash\n( sleep 60; curl -s -o \
         made{} ) &\n```\n\n```bash when=webhook:record:created\nwc -l < told\n```\n\n```output\n2\n```\n",
        receiver(0, "pass"),
        subscription(RECEIVER, "record:created"),
        made.trim_end().trim_end_matches("```").trim_end()
    );
    let virtual_s = run(&page).is_true_but_unchecked().virtual_seconds();
    assert!((60.0..62.0).contains(&virtual_s), "{virtual_s}");
}

#[test]
fn a_grant_that_is_taken_back_is_told_half_an_hour_later() {
    let page = format!(
        "{}{}```bash\ncurl -s -X POST http://sandbox.doccheck/_sandbox/accounts/{ACCOUNT}/revoke\n```\n\n```json\n{{\"id\": \
         \"{ACCOUNT}\"}}\n```\n\n```bash when=webhook:integrated_account:authentication_error\ncat told; date -u +%H:%M\n\
         ```\n\n```output\nintegrated_account:authentication_error True 200\n09:2[..]\n```\n",
        receiver(0, "pass"),
        subscription(RECEIVER, "integrated_account:*"),
    );
    let virtual_s = run(&page).is_true_but_unchecked().virtual_seconds();
    assert!((27.0 * 60.0..29.0 * 60.0).contains(&virtual_s), "{virtual_s}");
}

#[test]
fn a_webhook_that_never_comes_is_told_where_it_is_waited_for() {
    let page = "```bash when=webhook:record:created timeout=300ms\necho never\n```\n\n```output\nnever\n```\n\n```bash\ntrue\n```\n";
    let run = run(page);
    let told = run.is_stale("did not start: no receiver took a webhook `record:created` within 300 ms");
    assert!(told.contains("\"not_reached\""), "{told}");
}

#[test]
fn what_came_in_its_place_and_what_the_receiver_said_is_told() {
    let told = |before: &str, when: &str| {
        let page = format!(
            "{}{}```bash when=webhook:{when} timeout=5s\necho heard\n```\n\n```output\nheard\n```\n",
            receiver(0, before),
            subscription(RECEIVER, "record:*"),
        );
        run(&page).is_stale("no receiver took").to_owned()
    };
    let printed = told("pass", "record:updated");
    assert!(printed.contains("a webhook `record:updated` within 5 s; taken were `record:created`"), "{printed}");
    let printed = told("raise KeyError('surname')", "record:created");
    assert!(printed.contains("did not answer: ") && printed.contains("KeyError: 'surname'"), "{printed}");
}

#[test]
fn a_receiver_that_nobody_serves_is_told() {
    let page =
        |url: &str, last: &str| format!("{}```bash\nsleep 100\n```\n{last}", subscription(url, "record:created"));
    let run_of = |url: &str| run(&page(url, "")).is_true_but_unchecked().notes_of_all();
    let told = run_of("https://hooks.example.com/");
    assert!(told.contains("nothing serves the receiver hooks.example.com"), "{told}");
    let told = run_of("http://localhost:3999/");
    assert!(told.contains("nobody took the webhook `record:created` at http://localhost:3999/"), "{told}");
    let waits = "\n```bash when=webhook:record:created timeout=300ms\ntrue\n```\n";
    run(&page("http://localhost:3999/", waits)).is_stale("within 300 ms; http://localhost:3999/ did not answer");
}

#[test]
fn a_page_asks_about_its_own_sandbox_and_renames_a_field() {
    let page = format!(
        r#"```bash
curl -s https://sandbox.doccheck/_sandbox/providers/hubspot/rename \
  -d '{{"resource": "contacts", "field": "firstname", "to": "first_name"}}'
curl -s "https://api.hubapi.com/crm/v3/objects/contacts?limit=1&properties=first_name,firstname" \
  -H "Authorization: Bearer {ACCOUNT_TOKEN}" | python3 -c '
import json, sys
print(sorted(name for name in json.load(sys.stdin)["results"][0]["properties"] if "first" in name))'
curl -s -o refused -w '%{{http_code}}\n' -X POST http://sandbox.doccheck/_sandbox/advance
```

```output
{{"resource":"contacts","field":"first_name"}}
['first_name']
403
```

```bash
for page in 1 2 3; do
  curl -s -o $page "https://api.truto.one/unified/crm/contacts?integrated_account_id={ACCOUNT}&limit=$page" \
    -H "Authorization: Bearer $TRUTO_API_KEY" &
done
wait
curl -s http://sandbox.doccheck/_sandbox/journal | python3 -c '
import json, sys
told = json.load(sys.stdin)
print([entry["kind"] for entry in told["entries"]], told["peaks"])'
```

```output
['rename', 'exchange', 'exchange', 'exchange', 'exchange'] {{'{ACCOUNT}': 3}}
```
"#
    );
    run(&page).is_true();
}
