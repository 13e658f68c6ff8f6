//! The keys of an account that say how it is polled.

use networks::Network;
use toml::de::DeValue;

use super::polling::{Every, Rhythm};
use super::section::{Checker, Section, value_of};

impl Checker<'_> {
    /// `poll = { hours = "5m", … }`, in one line or as a table of its own.
    pub(super) fn rhythm(&mut self, section: &Section<'_, '_>) -> Rhythm {
        let mut rhythm = Rhythm::default();
        let Some(value) = value_of(section.table, "poll") else { return rhythm };
        let DeValue::Table(table) = value.get_ref() else {
            self.problem(value.span(), "`poll` is a table: write poll = { hours = \"5m\", months = \"never\" }");
            return rhythm;
        };
        let title = format!("{}.poll", section.title);
        let own = Section { name: section.name, title, span: value.span(), table };
        self.unknown_keys(&own, &Rhythm::CLASSES, "`poll`");
        for class in Rhythm::CLASSES {
            let Some((text, span)) = self.text(&own, class) else { continue };
            match text.parse::<Every>() {
                Ok(every) => rhythm.set(class, every),
                Err(error) => self.problem(span, format!("`{class}` = \"{text}\": {error}")),
            }
        }
        rhythm
    }

    /// `calls_per_minute = 30`: a network's limit can be lowered, not raised.
    pub(super) fn calls_per_minute(&mut self, section: &Section<'_, '_>, network: &Network) -> Option<u32> {
        let value = value_of(section.table, "calls_per_minute")?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<u32>().ok().filter(|number| *number > 0),
            _ => None,
        };
        let Some(number) = number else {
            self.problem(value.span(), "`calls_per_minute` is a whole number, at least 1, without quotes");
            return None;
        };
        let limit = network.manifest().poll.as_ref().and_then(|poll| poll.per_minute).filter(|limit| *limit > 0);
        if let Some(limit) = limit.filter(|limit| number > *limit) {
            let message = format!("`calls_per_minute` can only be lowered: {} allows {limit}", network.name());
            self.problem(value.span(), message);
        }
        Some(number)
    }
}
