//! Lists of an API's own records, page by page.

use std::sync::Arc;

use serde_json::json;

use super::{Call, Done, Target};
use crate::sandbox::body;
use crate::sandbox::data::{Language, Operation, PageBy, Paging, Place};
use crate::sandbox::input::Input;
use crate::sandbox::list::{
    self, Ask, Cursor, Source, Start,
    language::{conditions, soql},
};
use crate::sandbox::names::Names;
use crate::sandbox::situation::{Refusal, Situation};
use crate::sandbox::state::State;
use crate::sandbox::store::Item;
use crate::sandbox::url::{self, Parameter};

/// Where a request says which page it wants.
pub(super) enum Onward {
    At(Place),
    /// In this parameter, and not in the usual place.
    Parameter(String),
    /// In the path.
    Path(String),
}

impl<'c> Call<'c> {
    pub(super) fn list(
        &mut self,
        state: &mut State,
        target: &Target<'c>,
        account: &str,
        cursor: Option<Cursor>,
    ) -> Result<Done<'c>, Refusal> {
        if self.request.method == "POST" && !self.request.body.is_empty() {
            // A body that is none is no request for everything.
            body::object(self.request)?;
        }
        let mut target = target.clone();
        if target.route.language == Some(Language::Conditions) {
            let known = self.api.resources.iter().filter(|(_, resource)| !resource.parts.is_empty());
            let asked = self.input.body.as_ref().and_then(conditions::object_type);
            let found = known.clone().find(|(name, _)| Some(name.as_str()) == asked);
            let (name, resource) = found.ok_or_else(|| {
                let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
                Refusal::bad_query(format!("the query must say an object_type: {}", known.join(" or ")))
            })?;
            target.resource = Some((name, resource));
            self.set("resource", json!(name));
        }
        if target.route.language == Some(Language::Soql) {
            let text = target.route.at.as_ref().and_then(|at| self.input.get(at)).unwrap_or_default();
            let statement = soql::parse(&text)?;
            let (name, resource) = statement.resource(self.api)?;
            target.resource = Some((name, resource));
            self.set("resource", json!(name));
        }
        let (name, resource) = target.resource()?;
        let names = state.names(name);
        let source = Source { api: self.api, route: target.route, resource, names: &names };
        let (mut ask, none) = list::read(source, &self.input, self.now)?;
        if let Some(cursor) = cursor {
            ask.start = Start::At(cursor);
        }
        let paging = source.paging();
        if let (Some(then), Start::Skip(skip)) = (&paging.then, &ask.start)
            && *skip >= then.after
        {
            return Err(Situation::TooDeep.into());
        }
        let template = self.template(&target, Operation::List);
        let is_asked = |parameter: &String| self.input.parameter(parameter).is_some_and(|given| given != "false");
        let unasked: Vec<&String> =
            template.asked.iter().filter(|(_, parameter)| !is_asked(parameter)).map(|(path, _)| path).collect();
        let (page, total) = {
            let store = &state.store;
            let empty = crate::sandbox::table::Table::default();
            let table = store.table(name, account).unwrap_or(&empty);
            let maker = self.maker;
            let fields = ask.looks_at();
            let mut make = |position| store.row(&maker, name, account, position);
            let mut look = |position| store.glance(&maker, name, account, position, &fields);
            let counts = template.asks_for(&["total", "pages", "last_url"], &unasked);
            ask.page(table, self.now, counts, &mut look, &mut make)
        };
        if let (true, Some(none)) = (page.rows.is_empty(), none) {
            return Ok(Done::Fresh(none, 200));
        }
        let fields = self.selection(state, &target, ask.fields.as_ref())?;
        let look = self.look(state, &target, fields)?;
        let items: Vec<_> = page.rows.iter().map(|row| self.item(state, &look, account, row)).collect();
        if template.asks_for(&["records_by_id"], &unasked) {
            let pairs = page.rows.iter().zip(&items);
            let pairs: Vec<String> = pairs.map(|(row, item)| format!("{}:{}", json!(row.id), item.text)).collect();
            self.json.insert("records_by_id", format!("{{{}}}", pairs.join(",")));
        }
        self.page_values(paging, &ask, &page, total);
        let (by, direction) = source.sorted(&self.input, &ask.order);
        self.set("sort_by", json!(by));
        self.set("sort_order", json!(direction));
        self.left_out.extend(if page.next.is_none() { &template.at_end } else { &template.only_at_end });
        self.left_out.extend(unasked);
        if page.previous.is_none() {
            self.left_out.extend(&template.at_start);
        }
        let empty = template.empty.as_deref().filter(|_| page.rows.is_empty());
        if self.is_inner {
            self.json.insert("records", "[]".to_owned());
            self.listing = Some(items);
        } else {
            self.json.insert("records", joined(&items));
        }
        Ok(Done::Fresh(empty.unwrap_or(template), 200))
    }

    /// The rest of a list: the cursor says of which.
    pub(super) fn more(&mut self, state: &mut State, target: &Target<'c>, account: &str) -> Result<Done<'c>, Refusal> {
        let text = target.named("cursor").unwrap_or_default().to_owned();
        let bad = || Refusal::bad_parameter("cursor", &text, "must be a cursor from an earlier page");
        let cursor = Cursor::read(&text).ok_or_else(bad)?;
        let query = cursor.query.clone().ok_or_else(bad)?;
        let mut routes = self.api.routes.iter().filter(|route| route.language == Some(Language::Soql));
        let route = routes.next().ok_or_else(bad)?;
        let name = route.at.as_ref().and_then(|at| at.query.clone()).unwrap_or_else(|| "q".to_owned());
        self.input =
            Input { query: vec![Parameter { name, key: None, value: query }], headers: self.input.headers, body: None };
        let target = Target { route, operation: Operation::List, named: Vec::new(), resource: None };
        self.list(state, &target, account, Some(cursor))
    }

    /// Where the request would say that it wants the page of `cursor`, as an answer before has told it; `None` where it
    /// leads to no list that comes in pages.
    pub(super) fn onward(&self, cursor: &str) -> Option<Onward> {
        let target = self.target().ok()?;
        if target.operation != Operation::List {
            return None;
        }
        if target.route.language == Some(Language::Soql) {
            let mut routes = self.api.routes.iter().filter(|route| route.operation == Some(Operation::More));
            return routes
                .next()
                .map(|route| Onward::Path(route.path.get_ref().replace("{cursor}", &url::encode(cursor))));
        }
        // Where the body names the resource, the pages are the route's own.
        let paging = match (&target.route.paging, target.resource) {
            (Some(paging), _) => paging,
            (None, Some((_, resource))) => {
                let names = &Names::default();
                Source { api: self.api, route: target.route, resource, names }.paging()
            }
            (None, None) => return None,
        };
        match &paging.then {
            Some(then) if cursor.parse::<u64>().is_err() => Some(Onward::Parameter(then.query.clone())),
            _ => paging.at.first().map(|place| Onward::At(place.clone())),
        }
    }

    /// What a page's answer may show.
    fn page_values(&mut self, paging: &Paging, ask: &Ask, page: &list::Page, total: Option<u64>) {
        let count = u64::try_from(page.rows.len()).unwrap_or(0);
        let size = u64::try_from(ask.size).unwrap_or(u64::MAX);
        let first = paging.first_page.unwrap_or(1);
        let number = page.before.checked_div(size).unwrap_or(0) + first;
        let next_offset = page.next.as_ref().map(|_| page.before + count);
        let next = page.next.as_ref().map(Cursor::write);
        let previous = page.previous.as_ref().map(Cursor::write);
        let by_cursor = |text: &Option<String>| text.clone();
        let (to_next, to_previous) = match paging.by {
            PageBy::Page => (
                page.next.as_ref().map(|_| (number + 1).to_string()),
                (number > first).then(|| (number - 1).to_string()),
            ),
            PageBy::Offset => (
                next_offset.map(|at| at.to_string()),
                (page.before > 0).then(|| page.before.saturating_sub(size).to_string()),
            ),
            PageBy::Cursor | PageBy::None => (by_cursor(&next), by_cursor(&previous)),
        };
        // Where numbers end a cursor goes on.
        let is_beyond = paging.then.as_ref().is_some_and(|then| page.before + count >= then.after);
        self.next = if is_beyond { next.clone() } else { to_next.clone() };
        let parameter = paging.at.iter().find_map(|place| place.query.clone());
        let target = |at: &Option<String>| {
            let (parameter, at) = (parameter.as_ref()?, at.as_ref()?);
            Some(format!("{}?{}", self.request.path, url::with_parameter(&self.request.query, parameter, Some(at))))
        };
        let instance = self.text("instance").to_owned();
        let absolute = |path: Option<String>| path.map(|path| format!("{instance}{path}"));
        let next_path = target(&to_next);
        let pages = total.map(|total| total.div_ceil(size.max(1)));
        let last_page = pages.map(|pages| (pages.max(1) - 1 + first).to_string());
        let values = [
            ("count", json!(count)),
            ("total", json!(total)),
            ("pages", json!(pages)),
            ("page", json!(number)),
            ("page_size", json!(if ask.size == usize::MAX { count } else { size })),
            ("offset", json!(page.before)),
            ("next_offset", json!(next_offset)),
            ("next_page", json!(page.next.as_ref().map(|_| number + 1))),
            ("has_more", json!(page.next.is_some())),
            ("done", json!(page.next.is_none())),
            ("next_cursor", json!(next)),
            ("prev_cursor", json!(previous)),
            ("next_url", json!(absolute(next_path.clone()))),
            ("prev_url", json!(absolute(target(&to_previous)))),
            ("first_url", json!(absolute(target(&Some(first.to_string()))))),
            ("last_url", json!(absolute(target(&last_page)))),
            ("self_url", json!(self.request.url())),
            ("next_path", json!(next_path)),
        ];
        self.values.extend(values.map(|(name, value)| (name.to_owned(), value)));
    }
}

/// The texts of records as a JSON array.
pub(in crate::sandbox) fn joined(items: &[Arc<Item>]) -> String {
    let mut text = String::with_capacity(items.iter().map(|item| item.text.len() + 1).sum::<usize>() + 2);
    text.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&item.text);
    }
    text.push(']');
    text
}
