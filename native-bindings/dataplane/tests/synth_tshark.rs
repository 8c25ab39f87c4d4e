//! tshark as the judge of generated captures: it has to read them without a complaint and to find what [`Truth`] says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use foretap_dataplane::synth::{
    LINK_TYPE, PcapChunks, SECRET_MARKER, STATUSES, SynthSource, SynthSpec, TimestampResolution, Truth,
};

/// A capture file that is gone with the test.
struct Capture {
    path: PathBuf,
    spec: SynthSpec,
    truth: Truth,
}

impl Capture {
    fn generate(name: &str, text: &str, resolution: TimestampResolution) -> Self {
        let spec = SynthSpec::parse(text).unwrap();
        let path = std::env::temp_dir().join(format!("foretap-synth-{}-{name}.pcap", std::process::id()));
        let mut file = std::fs::File::create(&path).unwrap();
        let mut chunks = PcapChunks::new(SynthSource::new(spec.clone()), resolution, LINK_TYPE);
        let mut bytes = Vec::new();
        while {
            bytes.clear();
            let has_more = chunks.append_chunk(1 << 20, &mut bytes).unwrap();
            file.write_all(&bytes).unwrap();
            has_more
        } {}
        let truth = chunks.source().truth().clone();
        Self { path, spec, truth }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The tab-separated fields of every packet that the filter lets through.
fn tshark(path: &Path, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(path).args(["-Y", filter, "-T", "fields"]);
    command.args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
    // The servers' ports are not among those that tshark takes for HTTP.
    command.args(["-d", "tcp.port==8080,http", "-d", "tcp.port==8081,http"]);
    fields.iter().for_each(|field| {
        command.args(["-e", field]);
    });
    let output = command.output().expect("tshark has to be installed: apt-get install tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn tshark_counts_what_was_generated() {
    for (resolution, preset) in [
        (TimestampResolution::Nanoseconds, "demo?days=0.01&rate=3"),
        (TimestampResolution::Microseconds, "flash-crowd?days=0.01&clients=10&seed=2"),
    ] {
        let capture = Capture::generate(&format!("counts-{resolution:?}"), preset, resolution);
        let mut requests = BTreeMap::<(String, String), u64>::new();
        for row in tshark(&capture.path, "http.request", &["ip.src", "tcp.dstport", "http.request.uri"]) {
            assert!(!row[2].contains("/fake"), "a trap in a body was read as a request");
            *requests.entry((row[0].clone(), row[1].clone())).or_default() += 1;
        }
        let mut answers = BTreeMap::<(String, u16), u64>::new();
        for row in tshark(&capture.path, "http.response", &["ip.dst", "http.response.code"]) {
            *answers.entry((row[0].clone(), row[1].parse().unwrap())).or_default() += 1;
        }
        for (client, truth) in capture.spec.clients.iter().zip(&capture.truth.clients) {
            let port = capture.spec.applications[client.application].port.to_string();
            assert_eq!(requests[&(client.address.to_string(), port)], truth.requests, "{}", client.name);
            for ((status, _), count) in STATUSES.iter().zip(truth.answers) {
                let found = answers.get(&(client.address.to_string(), *status)).copied().unwrap_or(0);
                assert_eq!(found, count, "{} {status}", client.name);
            }
        }
        assert_eq!(requests.values().sum::<u64>(), capture.truth.requests());
    }
}

#[test]
fn tshark_has_nothing_to_complain_of() {
    let six = r#"{ "duration": "1m",
        "applications": [{ "name": "six", "address": "2001:db8::80", "port": 8080 }],
        "clients": [{ "name": "far", "address": "2001:db8:1::1", "demand": { "shape": { "mean": 2 } },
            "routes": [{ "path": "/download/{uuid}" }, { "method": "PUT", "path": "/upload/{hex}" }, { "method": "HEAD", "path": "/" }],
            "requestBody": { "medianBytes": 40000, "sigma": 1 }, "responseBody": { "medianBytes": 60000, "sigma": 1 },
            "chunkedRatio": 0.5, "burstiness": 2 }] }"#;
    // Not every seed: where a segment boundary leaves the last LF of a chunked body alone, tshark 4.0 reports the segment before it
    // as malformed, though it reassembles the answer.
    for (name, text) in [("four", "demo?days=0.005&rate=3&seed=2"), ("six", six)] {
        let capture = Capture::generate(name, text, TimestampResolution::Nanoseconds);
        // Notes are of the kind "this frame closes the connection"; lost, repeated and disordered segments are flags.
        let complaints = tshark(
            &capture.path,
            "_ws.expert.severity >= \"Warning\" || tcp.analysis.flags || _ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0",
            &["frame.number", "_ws.expert.message", "tcp.checksum.status", "ip.checksum.status"],
        );
        assert!(complaints.is_empty(), "{name}: {:?}", &complaints[..complaints.len().min(10)]);
        let checked = tshark(&capture.path, "tcp.checksum.status == 1", &["frame.number"]);
        assert_eq!(checked.len() as u64, capture.truth.packets, "{name}: checksums that tshark found good");
    }
}

#[test]
fn the_secrets_are_there_to_be_found() {
    let capture = Capture::generate("secrets", "demo?days=0.005", TimestampResolution::Nanoseconds);
    for field in ["http.request.uri.query.parameter", "http.cookie", "http.authorization"] {
        let rows = tshark(&capture.path, field, &[field]);
        assert!(rows.iter().any(|row| row[0].contains(SECRET_MARKER)), "{field}");
    }
}
