//! Laws of status words.

use std::collections::BTreeMap;

use networks::status::{Meaning, fold};

use super::of_each;

#[test]
fn a_status_word_is_written_once_and_means_one_thing() {
    of_each("a status word with two meanings or two spellings", |network| {
        let manifest = network.manifest();
        let mut wrong = Vec::new();
        let mut folded: BTreeMap<String, &str> = BTreeMap::new();
        for (word, _) in manifest.statuses.iter() {
            if let Some(before) = folded.insert(fold(word), word) {
                wrong.push(format!("`{word}` is read the same as `{before}`"));
            }
        }
        for one in manifest.poll.iter().flat_map(|poll| &poll.rows.overrides) {
            let [condition] = one.all.as_slice() else { continue };
            let status_places = manifest.poll.iter().flat_map(|poll| &poll.rows.status.0);
            let speaks_of_the_word =
                status_places.into_iter().any(|place| condition.at.as_ref().is_some_and(|at| at.get_ref() == place));
            let meaning = Meaning::parse(one.status.get_ref()).unwrap();
            for word in condition.is.iter().filter(|_| speaks_of_the_word) {
                if network.statuses().get(&fold(&word.0)).is_some_and(|other| *other != meaning) {
                    wrong.push(format!("`{}` means one thing in [statuses] and another in an override", word.0));
                }
            }
        }
        wrong
    });
}
