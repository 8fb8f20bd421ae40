//! Paths, and what is done there.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::list::{Filter, Paging, Place, Sort, Which};
use crate::sandbox::shape::Shape;
use crate::sandbox::template::Template;

use super::model::Alias;

/// A path at which something is done: `operations` on a resource, whose records are one segment deeper, or one
/// `operation` by a `method`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Route {
    /// With `{id}`, `{cursor}`, `{model}` and `{resource}` for what a request says there.
    pub(in crate::sandbox) path: Spanned<String>,
    pub(in crate::sandbox) resource: Option<Spanned<String>>,
    #[serde(default)]
    pub(in crate::sandbox) operations: Vec<Operation>,
    /// Methods in place of the usual ones, by operation.
    #[serde(default)]
    pub(in crate::sandbox) methods: BTreeMap<Operation, String>,
    pub(in crate::sandbox) method: Option<String>,
    pub(in crate::sandbox) operation: Option<Operation>,
    /// It serves only requests that say this.
    pub(in crate::sandbox) when: Option<When>,
    /// How a request names its account; absent where its token does, or records belong to none.
    pub(in crate::sandbox) account: Option<AccountKey>,
    /// None needed where absent.
    pub(in crate::sandbox) scopes: Option<Scopes>,
    /// The language in which the list is asked for.
    pub(in crate::sandbox) language: Option<Language>,
    /// Where the text in that language stands, or the value of the field `by`.
    pub(in crate::sandbox) at: Option<Place>,
    /// In place of the API's own answer.
    pub(in crate::sandbox) answer: Option<Spanned<Template>>,
    /// In place of the API's own answer to a list, where there are several operations.
    pub(in crate::sandbox) list: Option<Spanned<Template>>,
    /// In place of the resource's own.
    pub(in crate::sandbox) item: Option<Spanned<Value>>,
    /// How a deleted record looks here, where it looks otherwise.
    pub(in crate::sandbox) tombstone: Option<Spanned<Value>>,
    pub(in crate::sandbox) paging: Option<Paging>,
    pub(in crate::sandbox) sort: Option<Sort>,
    #[serde(default)]
    pub(in crate::sandbox) filters: Vec<Filter>,
    /// Parameters that the real API understands here and the sandbox does not: requests with one are refused.
    #[serde(default)]
    pub(in crate::sandbox) beyond: Vec<String>,
    /// True: bodies that ask for a list are refused where they hold something that nobody reads.
    #[serde(default)]
    pub(in crate::sandbox) strict: bool,
    /// The field by which a record is found here in place of its id; its value stands in the path, or `at` a place.
    pub(in crate::sandbox) by: Option<Spanned<String>>,
    #[serde(default)]
    pub(in crate::sandbox) records: Which,
    /// True: it leads to the models, which are mapped to the providers.
    #[serde(default)]
    pub(in crate::sandbox) unified: bool,
    /// The category of models that a route without `{model}` leads to.
    pub(in crate::sandbox) model: Option<Spanned<String>>,
    /// Fields that bodies may hold here besides the resource's own.
    #[serde(default)]
    pub(in crate::sandbox) fields: BTreeMap<String, Shape>,
    /// Fields that fill others.
    #[serde(default)]
    pub(in crate::sandbox) aliases: Vec<Alias>,
}

/// What a request must say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct When {
    pub(in crate::sandbox) query: Option<String>,
    pub(in crate::sandbox) header: Option<String>,
    /// Its whole value; any where absent.
    pub(in crate::sandbox) value: Option<String>,
    /// What its value holds.
    pub(in crate::sandbox) contains: Option<String>,
}

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum Operation {
    List,
    Get,
    Create,
    Update,
    Delete,
    /// The rest of a list whose cursor stands in the path.
    More,
    /// A fixed answer.
    Show,
    /// OAuth: asks the owner's consent, which the sandbox gives.
    Authorize,
    /// OAuth: issues tokens.
    Token,
    /// A provider's own route, through the unified API.
    Proxy,
    /// A new token for one account.
    AccountToken,
    /// What an account can do.
    Capabilities,
    /// A method of a model that is none of the usual ones.
    Custom,
    /// What a method of a model takes and gives.
    Describe,
    /// A new integrated account.
    Connect,
    /// A call of a webhook, to see whether it arrives.
    Ping,
}

/// A query language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::sandbox) enum Language {
    /// `SELECT … FROM … WHERE … ORDER BY … LIMIT … OFFSET …`
    Soql,
    /// `$filter`, `$orderby`, `$select`, `$top`.
    Odata,
    /// A body with groups of filters, one of which must hold.
    FilterGroups,
    /// A body with a tree of conditions about objects and what belongs to them.
    Conditions,
    /// `((Last_Name:equals:Ada) and (Email:starts_with:a))`
    Criteria,
}

/// Where a request names its account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct AccountKey {
    #[serde(rename = "in")]
    pub(in crate::sandbox) place: AccountPlace,
    /// The parameter or header field.
    pub(in crate::sandbox) name: String,
    /// The field of the account that it names.
    pub(in crate::sandbox) field: Spanned<String>,
    /// The error that is answered where the request names none.
    pub(in crate::sandbox) missing: Spanned<String>,
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::sandbox) enum AccountPlace {
    Query,
    Header,
}

/// What a token must be allowed to do. `{{resource}}` stands for the name of the resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sandbox) struct Scopes {
    #[serde(default)]
    pub(in crate::sandbox) read: String,
    #[serde(default)]
    pub(in crate::sandbox) write: String,
}

impl Route {
    /// The scope that `operation` needs on `resource`; empty where it needs none.
    pub(in crate::sandbox) fn scope(&self, operation: Operation, resource: &str) -> String {
        let scope = |scopes: &Scopes| {
            let scope = if operation.writes() { &scopes.write } else { &scopes.read };
            scope.replace("{{resource}}", resource)
        };
        self.scopes.as_ref().map(scope).unwrap_or_default()
    }

    /// The method by which `operation` is asked for here.
    pub(in crate::sandbox) fn method(&self, operation: Operation) -> &str {
        let own = self.methods.get(&operation).or(self.method.as_ref().filter(|_| self.operation == Some(operation)));
        own.map_or(operation.method(), String::as_str)
    }

    /// A route of one operation, by its usual method.
    pub(in crate::sandbox) fn of(path: String, operation: Operation) -> Self {
        Self {
            path: Spanned::new(0..0, path),
            operation: Some(operation),
            resource: None,
            operations: Vec::new(),
            methods: BTreeMap::new(),
            method: None,
            when: None,
            account: None,
            scopes: None,
            language: None,
            at: None,
            answer: None,
            list: None,
            item: None,
            tombstone: None,
            paging: None,
            sort: None,
            filters: Vec::new(),
            beyond: Vec::new(),
            strict: false,
            by: None,
            records: Which::default(),
            unified: false,
            model: None,
            fields: BTreeMap::new(),
            aliases: Vec::new(),
        }
    }

    /// Everything that is done here.
    pub(in crate::sandbox) fn all(&self) -> impl Iterator<Item = Operation> {
        self.operations.iter().copied().chain(self.operation)
    }
}

impl Operation {
    pub(in crate::sandbox) fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete | Self::Custom | Self::Connect | Self::Ping)
    }

    /// The method by which it is usually asked for.
    pub(in crate::sandbox) fn method(self) -> &'static str {
        match self {
            Self::Create | Self::Token | Self::AccountToken | Self::Custom | Self::Connect | Self::Ping => "POST",
            Self::Update => "PATCH",
            Self::Delete => "DELETE",
            _ => "GET",
        }
    }

    /// True where it is about one record.
    pub(in crate::sandbox) fn of_one(self) -> bool {
        matches!(self, Self::Get | Self::Update | Self::Delete)
    }

    /// Its word in the data.
    pub(in crate::sandbox) fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::More => "more",
            Self::Show => "show",
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Proxy => "proxy",
            Self::AccountToken => "accounttoken",
            Self::Capabilities => "capabilities",
            Self::Custom => "custom",
            Self::Describe => "describe",
            Self::Connect => "connect",
            Self::Ping => "ping",
        }
    }
}
