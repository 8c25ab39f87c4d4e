use ahash::RandomState;
use hashbrown::HashMap;

use super::Method;
use super::segment::{SegmentForm, form_of};
use super::trie::{NodeId, Trie};
use crate::bytes::is_equal;
use crate::hash::KeyedHash;
use crate::identity::ApplicationId;

/// A route of one application, as a small number that stays the same while the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

impl RouteId {
    /// All routes beyond the bounds.
    pub const OTHER: Self = Self(0);
    /// Requests whose path was not captured.
    pub const UNKNOWN: Self = Self(1);
    /// Tunnels have no path, and their authority is no resource of the application.
    pub const CONNECT: Self = Self(2);
}

/// Bounds that were met. Requests, not distinct paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteCounters {
    /// A segment went to `{*}` because its node has 64 literal children.
    pub collapsed: u64,
    /// A path went on below the depth limit and ends in `{**}`.
    pub too_deep: u64,
    /// The route is `other`: its application or the table is full.
    pub other: u64,
}

/// More children at one node than this are values of a parameter, not resources.
const MAX_LITERAL_CHILDREN: usize = 64;
const MAX_DEPTH: usize = 8;
const MAX_ROUTES: usize = 16_384;
const MAX_ROUTES_PER_APPLICATION: u32 = 1024;
const MAX_NODES: usize = 65_536;
/// Direct-mapped; a path repeats soon or never. 1024 slots stay within a level-2 cache.
const CACHE_SLOTS: usize = 1024;
const MAX_CACHED_PATH_BYTES: usize = 80;

/// Resolves requests to routes; see the module for what is promised.
#[derive(Debug)]
pub struct RouteTable {
    trie: Trie,
    /// By application id: its root, and how many routes it has.
    roots: Vec<Option<(NodeId, u32)>>,
    by_node_and_method: HashMap<(NodeId, Method), RouteId, RandomState>,
    templates: Vec<Box<str>>,
    cache: Vec<CachedPath>,
    hasher: KeyedHash,
    counters: RouteCounters,
}

#[derive(Clone, Debug)]
struct CachedPath {
    application: ApplicationId,
    method: Method,
    path_bytes: u8,
    path: [u8; MAX_CACHED_PATH_BYTES],
    route: RouteId,
}

impl Default for RouteTable {
    fn default() -> Self {
        let empty = CachedPath {
            application: ApplicationId::OTHER,
            method: Method::OTHER,
            path_bytes: u8::MAX,
            path: [0; MAX_CACHED_PATH_BYTES],
            route: RouteId::OTHER,
        };
        Self {
            trie: Trie::new(MAX_NODES),
            roots: Vec::new(),
            by_node_and_method: HashMap::with_hasher(RandomState::with_seeds(25, 26, 27, 28)),
            templates: vec!["other".into(), "unknown".into(), "CONNECT".into()],
            cache: vec![empty; CACHE_SLOTS],
            hasher: KeyedHash::new(),
            counters: RouteCounters::default(),
        }
    }
}

impl RouteTable {
    /// The route of a request; `path` is without query string, empty where unknown.
    #[inline(always)]
    pub fn resolve(&mut self, application: ApplicationId, method: &[u8], path: &[u8]) -> RouteId {
        let method = Method::from_bytes(method);
        if path.len() > MAX_CACHED_PATH_BYTES {
            return self.find(application, method, path).0;
        }
        let word = u64::from(application.0) << 8 | u64::from(method.0);
        let slot = self.hasher.of_bytes(path, word) as usize % CACHE_SLOTS;
        let cached = &self.cache[slot];
        if cached.application == application
            && cached.method == method
            && cached.path.get(..usize::from(cached.path_bytes)).is_some_and(|own| is_equal(own, path))
        {
            return cached.route;
        }
        let (route, is_within_bounds) = self.find(application, method, path);
        if is_within_bounds {
            let cached = &mut self.cache[slot];
            cached.application = application;
            cached.method = method;
            cached.path_bytes = path.len() as u8;
            cached.path[..path.len()].copy_from_slice(path);
            cached.route = route;
        }
        route
    }

    /// `GET /users/{id}/orders`, `other`, `unknown` or `CONNECT`; printable ASCII.
    pub fn template(&self, route: RouteId) -> &str {
        &self.templates[route.0 as usize]
    }

    pub fn counters(&self) -> RouteCounters {
        self.counters
    }

    /// Routes known, the three fixed ones included.
    pub fn count(&self) -> usize {
        self.templates.len()
    }

    /// The route, and whether no bound was met on the way (those that met one are counted each time, so not cached).
    fn find(&mut self, application: ApplicationId, method: Method, path: &[u8]) -> (RouteId, bool) {
        let met_before = self.counters;
        let route = match self.node_of(application, method, path) {
            Ok(node) => self.route_of(application, node, method),
            Err(fallback) => Some(fallback),
        };
        self.counters.other += u64::from(route.is_none());
        (route.unwrap_or(RouteId::OTHER), self.counters == met_before)
    }

    /// `Err` names a route that has no node: unknown, or beyond the bounds.
    fn node_of(
        &mut self,
        application: ApplicationId,
        method: Method,
        path: &[u8],
    ) -> Result<NodeId, RouteId> {
        if path.first() != Some(&b'/') && path != b"*" {
            return Err(if method == Method::CONNECT { RouteId::CONNECT } else { RouteId::UNKNOWN });
        }
        let mut node = self.root_of(application).ok_or_else(|| self.count_other())?;
        let segments = path.split(|&byte| byte == b'/').filter(|segment| !segment.is_empty());
        for (depth, segment) in segments.enumerate() {
            if depth == MAX_DEPTH {
                self.counters.too_deep += 1;
                return self.child(node, "{**}", false).ok_or_else(|| self.count_other());
            }
            node = self.descend(node, segment).ok_or_else(|| self.count_other())?;
        }
        Ok(node)
    }

    fn descend(&mut self, node: NodeId, segment: &[u8]) -> Option<NodeId> {
        match form_of(segment) {
            SegmentForm::Parameter { name, extension: "" } => self.child(node, name, false),
            SegmentForm::Parameter { name, extension } => {
                let mut text = String::with_capacity(name.len() + extension.len());
                text.push_str(name);
                text.push_str(extension);
                // An extension is the client's to make up: it counts as a literal child.
                self.literal_child(node, &text)
            }
            SegmentForm::Literal(text) => self.literal_child(node, text),
        }
    }

    fn literal_child(&mut self, node: NodeId, text: &str) -> Option<NodeId> {
        if let Some(child) = self.trie.find(node, text) {
            return Some(child);
        }
        if self.trie.literal_children(node) >= MAX_LITERAL_CHILDREN {
            self.counters.collapsed += 1;
            return self.child(node, "{*}", false);
        }
        self.trie.add(node, text, true)
    }

    fn child(&mut self, node: NodeId, text: &str, is_literal: bool) -> Option<NodeId> {
        self.trie.find(node, text).or_else(|| self.trie.add(node, text, is_literal))
    }

    fn root_of(&mut self, application: ApplicationId) -> Option<NodeId> {
        let index = usize::from(application.0);
        if index >= self.roots.len() {
            self.roots.resize(index + 1, None);
        }
        if self.roots[index].is_none() {
            self.roots[index] = self.trie.add_root().map(|root| (root, 0));
        }
        self.roots[index].map(|(root, _)| root)
    }

    fn route_of(&mut self, application: ApplicationId, node: NodeId, method: Method) -> Option<RouteId> {
        if let Some(&route) = self.by_node_and_method.get(&(node, method)) {
            return Some(route);
        }
        let (root, routes) = self.roots[usize::from(application.0)].as_mut()?;
        if *routes >= MAX_ROUTES_PER_APPLICATION || self.templates.len() >= MAX_ROUTES {
            return None;
        }
        *routes += 1;
        let mut template = format!("{} ", method.name());
        if node == *root {
            template.push('/');
        } else {
            self.trie.write_template(node, &mut template);
        }
        let route = RouteId(self.templates.len() as u32);
        self.templates.push(template.into());
        self.by_node_and_method.insert((node, method), route);
        Some(route)
    }

    fn count_other(&mut self) -> RouteId {
        self.counters.other += 1;
        RouteId::OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ApplicationId = ApplicationId(1);

    fn resolve(table: &mut RouteTable, request: &str) -> String {
        let (method, path) = request.split_once(' ').unwrap();
        let route = table.resolve(SHOP, method.as_bytes(), path.as_bytes());
        table.template(route).to_owned()
    }

    #[test]
    fn templates_keep_words_and_replace_values() {
        let mut table = RouteTable::default();
        for (request, template) in [
            ("GET /users/17/orders", "GET /users/{id}/orders"),
            ("GET /users/18/orders", "GET /users/{id}/orders"),
            ("BREW /users/18/orders", "OTHER /users/{id}/orders"),
            ("GET /", "GET /"),
            ("GET //a//b/", "GET /a/b"),
            ("OPTIONS *", "OPTIONS /*"),
            ("GET ", "unknown"),
            ("GET relative", "unknown"),
            ("CONNECT ", "CONNECT"),
            ("GET /a/b/c/d/e/f/g/h", "GET /a/b/c/d/e/f/g/h"),
            ("GET /a/b/c/d/e/f/g/h/i/j", "GET /a/b/c/d/e/f/g/h/{**}"),
            ("GET /img/17.png", "GET /img/{id}.png"),
        ] {
            assert_eq!(resolve(&mut table, request), template);
        }
        assert_eq!(table.counters(), RouteCounters { too_deep: 1, ..Default::default() });
    }

    #[test]
    fn many_children_collapse_without_changing_the_first() {
        let mut table = RouteTable::default();
        let name = |index: u32| {
            let letters: String =
                index.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            format!("GET /by-name/{letters}")
        };
        for index in 0..200 {
            let expected = if index < 64 { name(index) } else { "GET /by-name/{*}".to_owned() };
            assert_eq!(resolve(&mut table, &name(index)), expected);
        }
        assert_eq!(resolve(&mut table, &name(3)), name(3));
        assert_eq!(table.counters().collapsed, 136);
    }

    #[test]
    fn applications_do_not_share_routes() {
        let mut table = RouteTable::default();
        let first = table.resolve(SHOP, b"GET", b"/a");
        let second = table.resolve(ApplicationId(2), b"GET", b"/a");
        assert_ne!(first, second);
        assert_eq!(table.template(first), table.template(second));
    }

    #[test]
    fn routes_are_bounded() {
        let mut table = RouteTable::default();
        let word =
            |index: u32| char::from(b'a' + (index % 26) as u8).to_string() + &"x".repeat(index as usize / 26);
        for first in 0..40 {
            for second in 0..40 {
                table.resolve(SHOP, b"GET", format!("/{}/{}", word(first), word(second)).as_bytes());
            }
        }
        assert_eq!(table.count(), 3 + 1024);
        assert_eq!(table.counters().other, 40 * 40 - 1024);
        assert_eq!(resolve(&mut table, "GET /a/a"), "GET /a/a");
    }
}
