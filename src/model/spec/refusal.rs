//! Refusals of values: the reason, and the texts that would be accepted in their place.

use serde::de;

use crate::diagnostic::{Sink, Span};
use crate::terms;

/// The reason for which a value is refused, and the correction to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub rule: String,
    pub help: Option<String>,
    /// Texts, each of which is accepted in the place of the value.
    pub offers: Vec<String>,
}

/// The separator of the rule from the help in the one string that a serde error carries.
const RULE_ENDS: char = '\u{1f}';
/// The separator before each offer, after the help.
const OFFER_ENDS: char = '\u{1e}';

impl Refusal {
    pub fn new(rule: impl Into<String>) -> Self {
        Self { rule: rule.into(), help: None, offers: Vec::new() }
    }

    /// Offers texts, each of which is accepted in the place of the value; without any, the help is `otherwise`.
    #[must_use]
    pub fn offer(self, offers: Vec<String>, otherwise: &str) -> Self {
        let help = match offers.as_slice() {
            [] => otherwise.to_owned(),
            [one] => format!("write {one}"),
            [others @ .., last] => format!("write {} or {last}", others.join(", ")),
        };
        Self { help: Some(help).filter(|help| !help.is_empty()), offers, ..self }
    }

    /// Offers texts that are written in quotes.
    #[must_use]
    pub fn offer_quoted(self, offers: &[String], otherwise: &str) -> Self {
        self.offer(offers.iter().map(|offer| format!("\"{offer}\"")).collect(), otherwise)
    }

    /// Reports the refusal of the value at a place.
    pub fn report(self, at: Span, sink: &mut Sink) {
        sink.offer(at, self.rule, self.help, self.offers);
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub fn into_serde<E: de::Error>(self) -> E {
        match self.help {
            None => E::custom(self.rule),
            Some(help) => {
                let offers: String = self.offers.iter().map(|offer| format!("{OFFER_ENDS}{offer}")).collect();
                E::custom(format_args!("{}{RULE_ENDS}{help}{offers}", self.rule))
            }
        }
    }

    /// Reads back what [`Self::into_serde`] wrote; any other message is a rule without help.
    #[must_use]
    pub fn from_message(message: &str) -> Self {
        match message.split_once(RULE_ENDS) {
            Some((rule, help)) => {
                let mut parts = help.split(OFFER_ENDS).map(str::to_owned);
                let help = parts.next();
                Self { rule: rule.to_owned(), help, offers: parts.collect() }
            }
            None => Self::new(message),
        }
    }
}

/// Returns the refusal of `name`, which is none of `known`, with the nearest of them if one is near, else with all.
pub fn unknown<'k>(rule: String, name: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Refusal {
    match terms::nearest(name, known.clone()) {
        Some(near) => {
            let offers = vec![near.to_owned()];
            Refusal { offers, ..Refusal::new(rule).help(format!("did you mean `{near}`?")) }
        }
        None => {
            let all: Vec<&str> = known.into_iter().collect();
            match all.as_slice() {
                [] => Refusal::new(rule),
                [one] => Refusal { offers: vec![(*one).to_owned()], ..Refusal::new(rule).help(format!("use `{one}`")) },
                _ => Refusal::new(rule).help(format!("use one of {}", all.join(", "))),
            }
        }
    }
}
