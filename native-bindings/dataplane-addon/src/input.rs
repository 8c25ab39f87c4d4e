use foretap_dataplane::identity::{ApplicationRule, ClientRule};
use foretap_dataplane::reader::Input;
use napi_derive::napi;

use crate::error::{CodedError, usage_error};

/// One thing to read frames from.
#[napi(discriminant = "kind", discriminant_case = "lowercase")]
pub enum NativeInput {
    /// A capture file; `-` is standard input.
    Capture { path: String },
    /// A preset of synthetic demand, its JSON text, or the path of a file with that.
    Synth { spec: String },
}

impl From<NativeInput> for Input {
    fn from(input: NativeInput) -> Self {
        match input {
            NativeInput::Capture { path } => Self::Capture(path),
            NativeInput::Synth { spec } => Self::Synth(spec),
        }
    }
}

/// Names an application; every condition that is not empty must hold, and the first rule that matches wins.
#[napi(object)]
pub struct NativeApplicationRule {
    pub name: String,
    /// Addresses or CIDR blocks.
    pub servers: Vec<String>,
    pub ports: Vec<u16>,
    /// Host names; `*.example.org` for all below.
    pub hosts: Vec<String>,
}

impl NativeApplicationRule {
    pub fn parse(self) -> Result<ApplicationRule, CodedError> {
        Ok(ApplicationRule {
            name: self.name,
            servers: parse_all(&self.servers)?,
            ports: self.ports,
            hosts: parse_all(&self.hosts)?,
        })
    }
}

/// Names the clients of some networks; the longest prefix wins.
#[napi(object)]
pub struct NativeClientRule {
    pub name: String,
    /// Addresses or CIDR blocks.
    pub networks: Vec<String>,
}

impl NativeClientRule {
    pub fn parse(self) -> Result<ClientRule, CodedError> {
        Ok(ClientRule { name: self.name, networks: parse_all(&self.networks)? })
    }
}

fn parse_all<T: std::str::FromStr<Err: ToString>>(texts: &[String]) -> Result<Vec<T>, CodedError> {
    texts.iter().map(|text| text.parse().map_err(usage_error)).collect()
}
