//! From JSON text to a [`SynthSpec`], with every fault named at once.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::civil_time::{format_instant, parse_instant};
use super::demand::{Demand, Series, Shape};
use super::demand_json::{Alignment, read_demand};
use super::habit_json::read_habits;
use super::json_reader::{Faults, ObjectReader};
use super::spec::{ApplicationSpec, ClientSpec, DEFAULT_START, MAX_CLIENTS, MAX_END, SynthError, SynthSpec};
use crate::time::Timestamp;

/// Stands for an address that could not be read; never part of a spec, because the fault is.
const NO_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const MAX_DURATION: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Reads a spec; `input` names it in errors, series are looked for in `folder`.
pub fn read(input: &str, json: &str, folder: &Path) -> Result<SynthSpec, SynthError> {
    let value: Value =
        serde_json::from_str(json).map_err(|cause| SynthError::Syntax { input: input.to_owned(), cause })?;
    let faults = Faults::default();
    let spec = read_spec(&value, folder, &faults);
    let faults = faults.into_inner();
    match spec {
        Some(spec) if faults.is_empty() => Ok(spec),
        _ => Err(SynthError::Invalid { input: input.to_owned(), faults }),
    }
}

fn read_spec(value: &Value, folder: &Path, faults: &Faults) -> Option<SynthSpec> {
    let mut object = ObjectReader::new("", value, faults)?;
    let seed = object.integer("seed", 0..=u64::MAX).unwrap_or(1);
    let start = read_start(&mut object);
    let has_duration = object.value("duration").is_some();
    let duration = object.duration("duration");
    if duration.is_some_and(|duration| duration.is_zero() || duration > MAX_DURATION) {
        object.fault("duration", "is not above 0 and at most 10 years");
    }
    let applications: Vec<ApplicationSpec> = read_members(&mut object, "applications")
        .iter()
        .filter_map(|(path, value)| read_application(path, value, faults))
        .collect();
    let (mut clients, mut alignments) = (Vec::new(), Vec::new());
    for (path, value) in read_members(&mut object, "clients") {
        if let Some((client, alignment)) = read_client(&path, value, &applications, folder, faults) {
            clients.push(client);
            alignments.push((path, alignment));
        }
    }
    object.finish();
    check_unique(&applications, &clients, faults);

    let start = start.or_else(|| absolute_series(&clients, &alignments).map(|series| series.start).max());
    let start = start.unwrap_or(DEFAULT_START);
    align(&mut clients, &alignments, start);
    let series_duration = || shortest_series_end(&clients).map(|end| end.saturating_since(start));
    let duration = if has_duration { duration } else { series_duration() };
    if !has_duration && duration.is_none() {
        faults.push("duration", "is missing: set it, for example to \"1d\"");
    }
    let spec = SynthSpec { seed, start, duration: duration?, applications, clients };
    check_span(&spec, &alignments, faults);
    Some(spec)
}

/// The elements of a list that needs at least one.
fn read_members<'a>(object: &mut ObjectReader<'a>, key: &'static str) -> Vec<(String, &'a Value)> {
    let has_key = object.value(key).is_some();
    let members = object.list(key);
    if members.is_empty() {
        object.fault(
            key,
            if has_key { "names none: name at least one" } else { "is missing: name at least one" },
        );
    } else if members.len() > MAX_CLIENTS {
        object.fault(key, format!("{} are more than {MAX_CLIENTS}", members.len()));
        return Vec::new();
    }
    members
}

fn read_start(object: &mut ObjectReader<'_>) -> Option<Timestamp> {
    let value = object.value("start")?;
    let start = match value {
        Value::String(text) => parse_instant(text),
        Value::Number(number) => {
            number.as_u64().and_then(|millis| millis.checked_mul(1_000_000)).map(Timestamp::from_nanos)
        }
        _ => None,
    };
    if start.is_none() {
        object.fault(
            "start",
            format!("{value} is not a time: write \"2026-03-02T00:00:00Z\" or epoch milliseconds"),
        );
    }
    start
}

fn read_application(path: &str, value: &Value, faults: &Faults) -> Option<ApplicationSpec> {
    let mut object = ObjectReader::new(path, value, faults)?;
    let name = object.required_text("name").to_owned();
    let address = read_address(&mut object).unwrap_or(NO_ADDRESS);
    let port = object.integer("port", 1..=65_535).unwrap_or(80) as u16;
    let host = object.text("host").map_or_else(|| name.clone(), str::to_owned);
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        object.fault("host", "is not printable ASCII without spaces");
    }
    object.finish();
    Some(ApplicationSpec { name, address, port, host })
}

fn read_address(object: &mut ObjectReader<'_>) -> Option<IpAddr> {
    let text = object.required_text("address");
    let address = text.parse().ok();
    if address.is_none() && !text.is_empty() {
        object.fault("address", format!("\"{text}\" is not an IPv4 or IPv6 address"));
    }
    address
}

fn read_client(
    path: &str,
    value: &Value,
    applications: &[ApplicationSpec],
    folder: &Path,
    faults: &Faults,
) -> Option<(ClientSpec, Alignment)> {
    let mut object = ObjectReader::new(path, value, faults)?;
    let name = object.required_text("name");
    if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        object.fault("name", "is not printable ASCII without spaces");
    }
    let application = match object.text("application") {
        None => 0,
        Some(text) => applications.iter().position(|known| known.name == text).unwrap_or_else(|| {
            let known: Vec<&str> = applications.iter().map(|known| known.name.as_str()).collect();
            object.fault("application", format!("\"{text}\" is none of {}", known.join(", ")));
            0
        }),
    };
    let address = read_address(&mut object);
    let demand = read_demand(&mut object, folder);
    let fallback_demand = (Demand::Shape(Shape::default()), Alignment::Absolute);
    let is_complete = address.is_some() && demand.is_some();
    let (demand, alignment) = demand.unwrap_or(fallback_demand);
    let mut client = ClientSpec::new(name, address.unwrap_or(NO_ADDRESS), demand);
    client.application = application;
    let server = applications.get(application).map(|application| application.address);
    if let (Some(address), Some(server)) = (address, server)
        && server != NO_ADDRESS
        && address.is_ipv4() != server.is_ipv4()
    {
        object.fault("address", format!("{address} is not of the same family as the server's {server}"));
    }
    read_habits(&mut object, &mut client, faults);
    object.finish();
    is_complete.then_some((client, alignment))
}

fn absolute_series<'a>(
    clients: &'a [ClientSpec],
    alignments: &'a [(String, Alignment)],
) -> impl Iterator<Item = &'a Series> {
    clients.iter().zip(alignments).filter_map(|(client, (_, alignment))| match &client.demand {
        Demand::Series(series) if *alignment == Alignment::Absolute => Some(series),
        _ => None,
    })
}

fn align(clients: &mut [ClientSpec], alignments: &[(String, Alignment)], start: Timestamp) {
    for (client, (_, alignment)) in clients.iter_mut().zip(alignments) {
        if let (Demand::Series(series), Alignment::Start) = (&mut client.demand, alignment) {
            series.start = start;
        }
    }
}

fn shortest_series_end(clients: &[ClientSpec]) -> Option<Timestamp> {
    let ends = clients.iter().filter_map(|client| match &client.demand {
        Demand::Series(series) => Some(series.end()),
        Demand::Shape(_) => None,
    });
    ends.min()
}

fn check_span(spec: &SynthSpec, alignments: &[(String, Alignment)], faults: &Faults) {
    if spec.start >= MAX_END || spec.end() >= MAX_END {
        faults.push("start", "with the duration runs beyond 2106-02-07, the end of pcap time");
    }
    for (client, (path, _)) in spec.clients.iter().zip(alignments) {
        let Demand::Series(series) = &client.demand else { continue };
        if series.start > spec.start || series.end() < spec.end() {
            faults.push(
                &format!("{path}.demand.csv"),
                format!(
                    "covers {} to {}, the capture {} to {}: shorten the duration, or set \"align\": \"start\"",
                    format_instant(series.start),
                    format_instant(series.end()),
                    format_instant(spec.start),
                    format_instant(spec.end()),
                ),
            );
        }
    }
}

fn check_unique(applications: &[ApplicationSpec], clients: &[ClientSpec], faults: &Faults) {
    let (mut names, mut servers) = (HashSet::new(), HashSet::new());
    for application in applications {
        if !names.insert(application.name.as_str()) {
            faults.push("applications", format!("the name \"{}\" comes twice", application.name));
        }
        if !servers.insert((application.address, application.port)) {
            let message = format!("{} port {} comes twice", application.address, application.port);
            faults.push("applications", message);
        }
    }
    let (mut names, mut pairs) = (HashSet::new(), HashSet::new());
    for client in clients {
        if !names.insert(client.name.as_str()) {
            faults.push("clients", format!("the name \"{}\" comes twice", client.name));
        }
        if !pairs.insert((client.address, client.application)) {
            let message = format!(
                "{} uses the same application twice: their connections would collide",
                client.address
            );
            faults.push("clients", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_of(json: &str) -> Vec<String> {
        match read("spec", json, Path::new(".")) {
            Err(SynthError::Invalid { faults, .. }) => faults.iter().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
    }

    const SMALL: &str = r#"{
        "seed": 7, "start": "2026-03-02T00:00:00Z", "duration": "1h",
        "applications": [{ "name": "shop", "address": "10.0.1.10", "port": 8080, "host": "shop.example" }],
        "clients": [{ "name": "web", "address": "192.0.2.1", "demand": { "shape": { "mean": 2 } },
            "routes": [{ "path": "/" , "next": { "POST /cart": 1 } }, { "method": "POST", "path": "/cart", "weight": 0.5 }] }]
    }"#;

    #[test]
    fn reads_a_small_spec() {
        let spec = read("spec", SMALL, Path::new(".")).unwrap();
        assert_eq!((spec.seed, spec.start, spec.duration), (7, DEFAULT_START, Duration::from_secs(3_600)));
        assert_eq!(spec.applications[0].host, "shop.example");
        assert_eq!(spec.clients[0].routes[0].next, [(1, 1.0)]);
        assert_eq!(spec.clients[0].routes[1].name(), "POST /cart");
    }

    #[test]
    fn names_every_fault_with_its_path() {
        let found = faults_of(
            r#"{ "sed": 1, "duration": "5 days", "start": "soon",
                "applications": [{ "name": "a", "address": "10.0.0", "port": 0 }, { "name": "b", "address": "10.0.0.1" }],
                "clients": [
                    { "name": "x", "application": "c", "address": "10.1.0.1", "demand": { "shape": { "mean": "2", "meen": 1 } } },
                    { "name": "x", "application": "b", "address": "::1", "demand": { "csv": "absent.csv" },
                      "routes": [{ "path": "users", "method": "FETCH", "next": { "GET /z": 1 } }], "chunkedRatio": 2 }] }"#,
        );
        let expected = [
            "start: \"soon\" is not a time",
            "duration: \"5 days\" is not a duration",
            "applications[0].address: \"10.0.0\"",
            "applications[0].port: 0 is not",
            "clients[0].application: \"c\" is none of a, b",
            "clients[0].demand.shape.mean: a string where a number",
            "clients[0].demand.shape.meen: unknown key",
            "clients[1].demand.csv: ./absent.csv",
            "clients[1].address: ::1 is not of the same family",
            "clients[1].routes[0].method: \"FETCH\" is none",
            "clients[1].routes[0].path: \"users\" is not a path",
            "clients[1].routes[0].next: \"GET /z\"",
            "clients[1].chunkedRatio: 2 is not between 0 and 1",
            "sed: unknown key: known here are seed",
        ];
        for text in expected {
            assert!(found.iter().any(|fault| fault.starts_with(text)), "{text} not in\n{}", found.join("\n"));
        }
    }

    #[test]
    fn an_empty_object_says_what_is_missing() {
        let found = faults_of("{}").join("\n");
        assert!(
            found.contains("applications: is missing") && found.contains("clients: is missing"),
            "{found}"
        );
        assert!(found.contains("duration: is missing"), "{found}");
    }

    #[test]
    fn clients_must_not_share_an_address_on_one_application() {
        let json = SMALL.replace(
            "\"clients\": [",
            "\"clients\": [{ \"name\": \"twin\", \"address\": \"192.0.2.1\", \"demand\": { \"shape\": { \"mean\": 1 } } },",
        );
        assert!(faults_of(&json)[0].contains("192.0.2.1 uses the same application twice"));
    }

    #[test]
    fn broken_json_is_named_with_its_place() {
        let error = read("spec.json", "{\n \"seed\": }", Path::new(".")).unwrap_err().to_string();
        assert!(error.starts_with("spec.json is not JSON: ") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn a_series_sets_start_and_duration_and_must_cover_them() {
        let folder = std::env::temp_dir().join(format!("foretap-synth-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("demand.csv"), "timestamp,value\n600,10\n660,20\n").unwrap();
        let json = SMALL.replace("{ \"shape\": { \"mean\": 2 } }", "{ \"csv\": \"demand.csv\" }");
        let bare = json.replace("\"start\": \"2026-03-02T00:00:00Z\", \"duration\": \"1h\",", "");
        let spec = read("spec", &bare, &folder).unwrap();
        assert_eq!((spec.start.as_nanos(), spec.duration), (600_000_000_000, Duration::from_secs(120)));
        let Err(error) = read("spec", &json, &folder) else { panic!("not covered") };
        assert!(
            error
                .to_string()
                .contains("clients[0].demand.csv: covers 1970-01-01T00:10:00Z to 1970-01-01T00:12:00Z")
        );
        let aligned = json
            .replace("\"duration\": \"1h\",", "")
            .replace("\"demand.csv\"", "\"demand.csv\", \"align\": \"start\"");
        assert_eq!(read("spec", &aligned, &folder).unwrap().start, DEFAULT_START);
        std::fs::write(folder.join("demand.csv"), "timestamp,value\n600,ten\n660,20\n").unwrap();
        let Err(error) = read("spec", &bare, &folder) else { panic!("a bad value") };
        assert!(
            error.to_string().contains("clients[0].demand.csv: demand.csv line 2: value \"ten\""),
            "{error}"
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/synth.md");
        let text = std::fs::read_to_string(document).unwrap();
        let block = |language: &str| text.split(&format!("```{language}\n")).nth(1)?.split("```").next();
        let (json, csv) = (block("json").unwrap(), block("csv").unwrap());
        let folder = std::env::temp_dir().join(format!("foretap-synth-document-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("demand.csv"), csv).unwrap();
        let short = json.replace("\"duration\": \"2d\"", "\"duration\": \"10m\"");
        let spec = read("docs/synth.md", &short, &folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(spec.clients.len(), 2);
        assert_eq!(spec.clients[0].routes[0].next, [(1, 2.0), (0, 1.0)]);
    }
}
