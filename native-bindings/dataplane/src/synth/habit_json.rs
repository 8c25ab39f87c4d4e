//! From a client's JSON to its habits: sessions, routes, sizes, times and shares.

use std::time::Duration;

use serde_json::Value;

use super::json_reader::{Faults, ObjectReader, set};
use super::route::{Method, PathPattern};
use super::spec::{
    ClientSpec, DurationDistribution, KeepAlive, MAX_CONNECTIONS, MessageMix, RouteSpec, Session,
    SizeDistribution,
};

const MAX_BODY_BYTES: f64 = 1e9;
const MAX_SIGMA: f64 = 3.0;
const MAX_ROUND_TRIP: Duration = Duration::from_secs(5);
const MAX_ROUTES: usize = 1_000;

/// Reads all keys of a client beyond who it is and what it asks for.
pub fn read_habits(object: &mut ObjectReader<'_>, client: &mut ClientSpec, faults: &Faults) {
    set(&mut client.burstiness, object.number("burstiness", 0.0..=1_000.0));
    client.session = object.object("session").map(|mut session| {
        let mean_requests = session.number("requests", 1.0..=100_000.0).unwrap_or(5.0);
        let default = DurationDistribution { median: Duration::from_secs(3), sigma: 0.8 };
        let think_time = read_durations(&mut session, "thinkTime", default);
        session.finish();
        Session { mean_requests, think_time }
    });
    let routes = object.list("routes");
    if !routes.is_empty() {
        client.routes = read_routes(object, &routes, client, faults);
    }
    client.request_body = read_sizes(object, "requestBody", client.request_body);
    client.response_body = read_sizes(object, "responseBody", client.response_body);
    client.latency = read_durations(object, "latency", client.latency);
    set(&mut client.round_trip, object.duration("roundTrip"));
    if client.round_trip > MAX_ROUND_TRIP {
        object.fault("roundTrip", "is above 5 s");
    }
    read_mix(object, &mut client.mix);
    if let Some(mut keep_alive) = object.object("keepAlive") {
        let KeepAlive { mean_requests, idle } = &mut client.keep_alive;
        set(mean_requests, keep_alive.number("requests", 1.0..=1e6));
        set(idle, keep_alive.duration("idle"));
        keep_alive.finish();
    }
    let max_connections = object.integer("maxConnections", 1..=u64::from(MAX_CONNECTIONS));
    set(&mut client.max_connections, max_connections.map(|count| count as u32));
}

fn read_mix(object: &mut ObjectReader<'_>, mix: &mut MessageMix) {
    set(&mut mix.client_error_ratio, object.ratio("clientErrorRatio"));
    set(&mut mix.server_error_ratio, object.ratio("serverErrorRatio"));
    if mix.client_error_ratio + mix.server_error_ratio > 1.0 {
        object.fault("clientErrorRatio", "and serverErrorRatio are above 1 together");
    }
    set(&mut mix.not_modified_ratio, object.ratio("notModifiedRatio"));
    set(&mut mix.no_content_ratio, object.ratio("noContentRatio"));
    set(&mut mix.chunked_ratio, object.ratio("chunkedRatio"));
    set(&mut mix.query_ratio, object.ratio("queryRatio"));
    set(&mut mix.cookie_ratio, object.ratio("cookieRatio"));
    set(&mut mix.authorization_ratio, object.ratio("authorizationRatio"));
}

fn read_routes(
    object: &ObjectReader<'_>,
    elements: &[(String, &Value)],
    client: &ClientSpec,
    faults: &Faults,
) -> Vec<RouteSpec> {
    if elements.len() > MAX_ROUTES {
        object.fault("routes", format!("{} are more than {MAX_ROUTES}", elements.len()));
        return Vec::new();
    }
    let mut routes = Vec::new();
    let mut followers = Vec::new();
    for (path, value) in elements {
        let Some(mut route) = ObjectReader::new(path, value, faults) else { continue };
        let method = route.text("method").unwrap_or("GET");
        let method = Method::from_name(method).unwrap_or_else(|| {
            let known = Method::ALL.map(Method::name).join(", ");
            route.fault("method", format!("\"{method}\" is none of {known}"));
            Method::Get
        });
        let pattern = PathPattern::parse(route.required_text("path")).unwrap_or_else(|message| {
            route.fault("path", message);
            client.routes[0].path.clone()
        });
        let mut read = RouteSpec::new(method, pattern);
        set(&mut read.weight, route.number("weight", 0.0..=1e9));
        if route.value("requestBody").is_some() {
            read.request_body = Some(read_sizes(&mut route, "requestBody", client.request_body));
        }
        if route.value("responseBody").is_some() {
            read.response_body = Some(read_sizes(&mut route, "responseBody", client.response_body));
        }
        if route.value("latency").is_some() {
            read.latency = Some(read_durations(&mut route, "latency", client.latency));
        }
        followers.push((route.path_of("next"), route.value("next")));
        route.finish();
        routes.push(read);
    }
    if routes.iter().all(|route| route.weight <= 0.0) {
        object.fault("routes", "have no weight above 0");
    }
    let names: Vec<String> = routes.iter().map(RouteSpec::name).collect();
    for (route, (path, next)) in routes.iter_mut().zip(followers) {
        route.next = next.map_or_else(Vec::new, |next| read_next(&path, next, &names, faults));
    }
    routes
}

/// `{ "GET /cart": 3, "POST /orders": 1 }`, as indices into the client's routes.
fn read_next(path: &str, value: &Value, names: &[String], faults: &Faults) -> Vec<(usize, f64)> {
    let Some(map) = value.as_object() else {
        faults.push(path, "is not an object of route names and weights");
        return Vec::new();
    };
    let mut next = Vec::new();
    for (name, weight) in map {
        let index = names.iter().position(|known| known == name);
        let weight = weight.as_f64().filter(|weight| (0.0..=1e9).contains(weight));
        match (index, weight) {
            (Some(index), Some(weight)) => next.push((index, weight)),
            (None, _) => {
                faults.push(path, format!("\"{name}\" is none of this client's routes: {}", names.join(", ")))
            }
            (_, None) => faults.push(path, format!("the weight of \"{name}\" is not a number >= 0")),
        }
    }
    if !next.iter().any(|(_, weight)| *weight > 0.0) {
        faults.push(path, "has no weight above 0: leave \"next\" out to draw from all routes");
    }
    next
}

fn read_sizes(
    object: &mut ObjectReader<'_>,
    key: &'static str,
    default: SizeDistribution,
) -> SizeDistribution {
    let mut sizes = default;
    if let Some(mut inner) = object.object(key) {
        set(&mut sizes.median_bytes, inner.number("medianBytes", 0.0..=MAX_BODY_BYTES));
        set(&mut sizes.sigma, inner.number("sigma", 0.0..=MAX_SIGMA));
        set(&mut sizes.max_bytes, inner.integer("maxBytes", 0..=MAX_BODY_BYTES as u64));
        inner.finish();
    }
    sizes
}

fn read_durations(
    object: &mut ObjectReader<'_>,
    key: &'static str,
    default: DurationDistribution,
) -> DurationDistribution {
    let mut durations = default;
    if let Some(mut inner) = object.object(key) {
        set(&mut durations.median, inner.duration("median"));
        set(&mut durations.sigma, inner.number("sigma", 0.0..=MAX_SIGMA));
        inner.finish();
    }
    durations
}
