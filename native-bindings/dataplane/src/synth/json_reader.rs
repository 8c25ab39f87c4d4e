//! Walks a JSON tree and collects every fault with its path, instead of stopping at the first. Knows no spec.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value};

use super::civil_time::parse_duration;
use super::spec::Fault;

/// Where the faults of one document gather.
#[derive(Default)]
pub struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    pub fn push(&self, path: &str, message: impl Into<String>) {
        self.0.borrow_mut().push(Fault { path: path.to_owned(), message: message.into() });
    }

    pub fn into_inner(self) -> Vec<Fault> {
        self.0.into_inner()
    }
}

/// One object being read; every key asked for is a known key.
pub struct ObjectReader<'a> {
    path: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
    faults: &'a Faults,
}

impl<'a> ObjectReader<'a> {
    /// `None`, and a fault, if the value is not an object.
    pub fn new(path: &str, value: &'a Value, faults: &'a Faults) -> Option<Self> {
        let Some(map) = value.as_object() else {
            faults.push(path, format!("{} where an object belongs", kind(value)));
            return None;
        };
        Some(Self { path: path.to_owned(), map, known: Vec::new(), faults })
    }

    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn faults(&self) -> &'a Faults {
        self.faults
    }

    pub fn fault(&self, key: &str, message: impl Into<String>) {
        self.faults.push(&self.path_of(key), message);
    }

    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.value(key)?;
        if value.as_str().is_none() {
            self.fault(key, format!("{} where a string belongs", kind(value)));
        }
        value.as_str()
    }

    /// The string, or a fault if it is missing or empty.
    pub fn required_text(&mut self, key: &'static str) -> &'a str {
        match self.text(key) {
            Some("") => self.fault(key, "is empty"),
            Some(text) => return text,
            None if !self.map.contains_key(key) => self.fault(key, "is missing"),
            None => {}
        }
        ""
    }

    pub fn number(&mut self, key: &'static str, range: RangeInclusive<f64>) -> Option<f64> {
        let value = self.value(key)?;
        let Some(number) = value.as_f64() else {
            self.fault(key, format!("{} where a number belongs", kind(value)));
            return None;
        };
        if !range.contains(&number) {
            self.fault(key, format!("{number} is not between {} and {}", range.start(), range.end()));
            return None;
        }
        Some(number)
    }

    /// A proportion, 0–1.
    pub fn ratio(&mut self, key: &'static str) -> Option<f64> {
        self.number(key, 0.0..=1.0)
    }

    /// A whole number.
    pub fn integer(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(
                key,
                format!("{value} is not a whole number from {} to {}", range.start(), range.end()),
            );
        }
        number
    }

    /// A string such as `"4d13h"` or `"250us"`.
    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let text = self.text(key)?;
        let duration = parse_duration(text);
        if duration.is_none() {
            self.fault(
                key,
                format!("\"{text}\" is not a duration: write it like \"30s\", \"5m\", \"4d13h\" or \"12ms\""),
            );
        }
        duration
    }

    pub fn object(&mut self, key: &'static str) -> Option<ObjectReader<'a>> {
        let value = self.value(key)?;
        ObjectReader::new(&self.path_of(key), value, self.faults)
    }

    /// The elements of a list with their paths; empty where the key is absent.
    pub fn list(&mut self, key: &'static str) -> Vec<(String, &'a Value)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(elements) = value.as_array() else {
            self.fault(key, format!("{} where a list belongs", kind(value)));
            return Vec::new();
        };
        let path = self.path_of(key);
        elements.iter().enumerate().map(|(index, element)| (format!("{path}[{index}]"), element)).collect()
    }

    /// Ends the object: keys never asked for are faults.
    pub fn finish(self) {
        for key in self.map.keys().filter(|key| !self.known.contains(&key.as_str())) {
            self.fault(key, format!("unknown key: known here are {}", self.known.join(", ")));
        }
    }
}

/// Overwrites a default where a value was given.
pub fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
