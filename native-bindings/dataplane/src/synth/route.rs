//! What a client asks for: methods, path patterns and which route follows which.

use super::random::{Random, WeightedChoice};
use super::spec::RouteSpec;

/// The methods that a client can use; they decide what the answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Method {
    pub const ALL: [Method; 7] =
        [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether the request carries a body.
    pub const fn has_request_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }
}

/// A path with placeholders, such as `/users/{number}/orders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// 1–50 000, small ones more often.
    Number,
    /// A version 4 UUID (RFC 9562).
    Uuid,
    /// 24 hexadecimal digits.
    Hex,
    /// Two words and a number: `amber-lamp-17`.
    Slug,
}

const MAX_NUMBER: f64 = 50_000.0;
const SLUG_WORDS: [&str; 16] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "inlet", "jade", "kelp", "lamp",
    "maple", "north", "ocean", "pine",
];

impl PathPattern {
    /// Reads a pattern; the error says what is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("\"{text}\" is not a path: begin it with \"/\""));
        }
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || matches!(c, '?' | '#')) {
            return Err(format!(
                "\"{text}\" holds {bad:?}: paths are printable ASCII without \"?\" and \"#\""
            ));
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let close =
                rest[open..].find('}').ok_or_else(|| format!("\"{text}\" has a \"{{\" without \"}}\""))?;
            if open > 0 {
                parts.push(Part::Text(rest[..open].to_owned()));
            }
            parts.push(match &rest[open + 1..open + close] {
                "number" => Part::Number,
                "uuid" => Part::Uuid,
                "hex" => Part::Hex,
                "slug" => Part::Slug,
                name => {
                    return Err(format!(
                        "\"{text}\" has the unknown placeholder {{{name}}}: use {{number}}, {{uuid}}, {{hex}} or {{slug}}"
                    ));
                }
            });
            rest = &rest[open + close + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends a path of this pattern.
    pub fn fill(&self, random: &mut Random, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text.as_bytes()),
                Part::Number => push_decimal(out, 1 + (random.unit() * random.unit() * MAX_NUMBER) as u64),
                Part::Hex => {
                    push_hex(out, random.bits(), 12);
                    push_hex(out, random.bits(), 12);
                }
                Part::Uuid => {
                    let (high, low) = (random.bits(), random.bits());
                    push_hex(out, high, 8);
                    out.push(b'-');
                    push_hex(out, high >> 32, 4);
                    out.extend_from_slice(b"-4");
                    push_hex(out, high >> 48, 3);
                    out.extend_from_slice(b"-a");
                    push_hex(out, low, 3);
                    out.push(b'-');
                    push_hex(out, low >> 12, 12);
                }
                Part::Slug => {
                    let bits = random.bits();
                    let word = |shift: u32| SLUG_WORDS[(bits >> shift) as usize % SLUG_WORDS.len()];
                    out.extend_from_slice(word(0).as_bytes());
                    out.push(b'-');
                    out.extend_from_slice(word(8).as_bytes());
                    out.push(b'-');
                    push_decimal(out, bits >> 32 & 0xff);
                }
            }
        }
    }
}

/// Appends a number in decimal.
pub fn push_decimal(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends the lowest `count` hexadecimal digits.
pub fn push_hex(out: &mut Vec<u8>, value: u64, count: u32) {
    out.extend((0..count).rev().map(|digit| b"0123456789abcdef"[(value >> (4 * digit)) as usize & 15]));
}

/// The routes of one client with their weights and transitions.
#[derive(Clone, Debug)]
pub struct RouteMix {
    first: WeightedChoice,
    /// By route: where to go next; `None` draws afresh from the weights.
    next: Vec<Option<WeightedChoice>>,
}

impl RouteMix {
    pub fn new(routes: &[RouteSpec]) -> Self {
        let next = routes.iter().map(|route| {
            (!route.next.is_empty()).then(|| {
                let mut weights = vec![0.0; routes.len()];
                route.next.iter().for_each(|(index, weight)| weights[*index] += weight);
                WeightedChoice::new(weights)
            })
        });
        Self { next: next.collect(), first: WeightedChoice::new(routes.iter().map(|route| route.weight)) }
    }

    /// The index of the route to take after `previous` (first-order Markov chain).
    pub fn draw(&self, previous: Option<u16>, random: &mut Random) -> u16 {
        let row = previous.and_then(|index| self.next[usize::from(index)].as_ref()).unwrap_or(&self.first);
        row.draw(random) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pattern: &str) -> String {
        let mut out = Vec::new();
        PathPattern::parse(pattern).unwrap().fill(&mut Random::new(1, 1), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fills_placeholders_of_every_kind() {
        let number = filled("/users/{number}/orders");
        let id: u64 =
            number.strip_prefix("/users/").unwrap().strip_suffix("/orders").unwrap().parse().unwrap();
        assert!((1..=50_000).contains(&id));
        let uuid = filled("/o/{uuid}");
        let lengths: Vec<usize> = uuid[3..].split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&uuid[17..18], "4");
        assert_eq!(filled("/b/{hex}").len(), 3 + 24);
        assert_eq!(filled("/p/{slug}").split('-').count(), 3);
        assert_eq!(filled("/plain"), "/plain");
    }

    #[test]
    fn a_bad_pattern_names_the_cure() {
        for (pattern, cure) in [
            ("users", "begin it"),
            ("/a{b", "without"),
            ("/a/{id}", "{number}"),
            ("/a?b=c", "without \"?\""),
            ("/a b", "printable"),
        ] {
            let message = PathPattern::parse(pattern).unwrap_err();
            assert!(message.contains(cure), "{pattern}: {message}");
        }
    }

    #[test]
    fn decimals_are_decimals() {
        for value in [0, 7, 10, 99_999, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }

    #[test]
    fn transitions_lead_where_they_say() {
        let route = |path: &str, weight, next: &[(usize, f64)]| {
            let pattern = PathPattern::parse(path).unwrap();
            RouteSpec { weight, next: next.to_vec(), ..RouteSpec::new(Method::Get, pattern) }
        };
        let mix = RouteMix::new(&[route("/a", 1.0, &[(1, 1.0)]), route("/b", 0.0, &[])]);
        let mut random = Random::new(1, 1);
        for _ in 0..100 {
            assert_eq!(mix.draw(None, &mut random), 0);
            assert_eq!(mix.draw(Some(0), &mut random), 1);
            assert_eq!(mix.draw(Some(1), &mut random), 0);
        }
    }
}
