//! Every list of the unified API: of each model, for each provider that has it.

use super::*;

/// The providers, by the tenants that are connected to them.
const PROVIDERS: [&str; 13] = [
    "hubspot",
    "salesforce",
    "zendesk_sell",
    "pipedrive",
    "dynamics_365",
    "close",
    "copper",
    "zoho_crm",
    "bamboohr",
    "personio",
    "greenhouse",
    "lever",
    "zendesk_support",
];

/// One provider's account, in a world of its own.
pub(super) struct Client {
    pub(super) provider: &'static str,
    world: World,
    now: Timestamp,
    id: String,
    /// What the account can do, by model: `crm/contacts` and the names of the methods.
    pub(super) models: Vec<(String, Vec<String>)>,
}

impl Client {
    fn new(provider: &'static str) -> Self {
        let world = world();
        let now = world.start();
        let mut client = Self { provider, world, now, id: String::new(), models: Vec::new() };
        let tenants = client.ask("GET", &format!("/integrated-account?tenant_id=cust_{provider}"), None).1;
        client.id = tenants["result"][0]["id"].as_str().unwrap().to_owned();
        let able = client.ask("GET", &format!("/integrated-account/{}/capabilities", client.id), None).1;
        for (category, models) in able["capabilities"].as_object().unwrap() {
            for (name, methods) in models.as_object().unwrap() {
                let methods = methods.as_array().unwrap().iter().map(|method| method.as_str().unwrap().to_owned());
                client.models.push((format!("{category}/{name}"), methods.collect()));
            }
        }
        client
    }

    /// Asks as soon as the limits allow it; a second passes.
    pub(super) fn ask(&mut self, method: &str, target: &str, sent: Option<&Value>) -> (u16, Value) {
        self.send(&request(method, target, "", sent))
    }

    pub(super) fn send(&mut self, request: &Request) -> (u16, Value) {
        self.now = self.now.after(Duration::from_secs(1));
        let reply = patient(&mut self.world, &mut self.now, request).reply;
        (reply.status, body(&reply))
    }

    /// Asks a model: `target` is such as `crm/contacts?limit=1`.
    pub(super) fn unified(&mut self, method: &str, target: &str, sent: Option<&Value>) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let target = format!("/unified/{path}?integrated_account_id={}&{query}", self.id);
        self.ask(method, &target, sent)
    }

    /// A page that must be there.
    pub(super) fn page(&mut self, target: &str) -> Value {
        let (status, page) = self.unified("GET", target, None);
        assert_eq!(status, 200, "{} {target}: {page}", self.provider);
        page
    }
}

/// A client for each provider, and the models that it has.
pub(super) fn every() -> impl Iterator<Item = (Client, Vec<(String, Vec<String>)>)> {
    PROVIDERS.into_iter().map(|provider| {
        let client = Client::new(provider);
        let models = client.models.clone();
        (client, models)
    })
}

pub(super) fn ids(page: &Value) -> Vec<String> {
    page["result"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}
