//! The numbering plans, those of one calling code read when its first number comes.
//!
//! Reading all of them takes some 5 ms, and a function that starts for a lead needs one.

use std::sync::{LazyLock, OnceLock};

use prost::Message;
use prost::bytes::Bytes;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberUtil, Region};

use crate::Country;

/// libphonenumber's metadata; see `plans/README.md`.
static METADATA: &[u8] = include_bytes!("../../plans/metadata.bin");

/// Calling codes have one to three digits.
const CALLING_CODE_DIGITS: usize = 3;

static PLANS: LazyLock<Vec<Plan>> = LazyLock::new(index);

/// The plan of one calling code, which several countries may share.
struct Plan {
    calling_code: i32,
    countries: Vec<(Region, Bytes)>,
    util: OnceLock<Option<PhoneNumberUtil>>,
}

/// The metadata with the countries left as bytes.
#[derive(Message)]
struct Collection {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    countries: Vec<Bytes>,
}

/// What is read of a country to find it.
#[derive(Message)]
struct Head {
    #[prost(string, tag = "9")]
    id: String,
    #[prost(int32, tag = "10")]
    calling_code: i32,
}

/// A country's region and the plan of its calling code.
pub(super) fn of_country(country: Country) -> Option<(Region, &'static PhoneNumberUtil)> {
    let region: Region = country.as_str().parse().ok()?;
    let plan = PLANS.iter().find(|plan| plan.countries.iter().any(|(other, _)| *other == region))?;
    Some((region, plan.util()?))
}

/// The plan of the calling code that digits in E.164 without a plus begin with.
pub(super) fn of_digits(digits: &str) -> Option<&'static PhoneNumberUtil> {
    // No calling code begins with another.
    (1..=CALLING_CODE_DIGITS).find_map(|length| {
        let calling_code: i32 = digits.get(..length)?.parse().ok()?;
        let found = PLANS.binary_search_by_key(&calling_code, |plan| plan.calling_code).ok()?;
        PLANS.get(found)?.util()
    })
}

/// All plans together: to tell of which other country a number is.
pub(super) fn all() -> Option<&'static PhoneNumberUtil> {
    static ALL: LazyLock<Option<PhoneNumberUtil>> =
        LazyLock::new(|| PhoneNumberUtil::new_for_metadata(PhoneMetadataCollection::decode(METADATA).ok()?).ok());
    ALL.as_ref()
}

impl Plan {
    fn util(&self) -> Option<&PhoneNumberUtil> {
        let read = || {
            let countries = self.countries.iter().map(|(_, bytes)| PhoneMetadata::decode(bytes.clone()));
            let metadata = countries.collect::<Result<_, _>>().ok()?;
            PhoneNumberUtil::new_for_metadata(PhoneMetadataCollection { metadata }).ok()
        };
        self.util.get_or_init(read).as_ref()
    }
}

fn index() -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    let collection = Collection::decode(Bytes::from_static(METADATA)).unwrap_or_default();
    for bytes in collection.countries {
        let Ok(Head { id, calling_code }) = Head::decode(bytes.clone()) else { continue };
        let Ok(region) = id.parse::<Region>() else { continue };
        match plans.binary_search_by_key(&calling_code, |plan| plan.calling_code) {
            Ok(found) => plans.get_mut(found).into_iter().for_each(|plan| plan.countries.push((region, bytes.clone()))),
            Err(place) => {
                plans.insert(place, Plan { calling_code, countries: vec![(region, bytes)], util: OnceLock::new() });
            }
        }
    }
    plans
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{PHONE_NUMBER_UTIL as LIBRARY, PhoneNumberFormat, PhoneNumberType};

    use super::*;

    #[test]
    fn they_are_the_librarys_own() {
        let all = all().unwrap();
        let regions: Vec<Region> = LIBRARY.get_supported_regions().collect();
        assert_eq!(
            all.get_supported_regions().len(),
            regions.len(),
            "plans/metadata.bin is not the library's: copy it"
        );
        for region in regions {
            // Ascension and Tristan da Cunha have numbers and are no countries of ISO 3166-1.
            let Ok(country) = region.to_string().parse() else { continue };
            let (found, plan) = of_country(country).unwrap();
            assert_eq!(found, region);
            for kind in [PhoneNumberType::Mobile, PhoneNumberType::FixedLine, PhoneNumberType::VoIP] {
                let example = |util: &PhoneNumberUtil| {
                    let number = util.get_example_number_for_type_and_region(region, kind).ok()?;
                    Some(util.format(&number, PhoneNumberFormat::International).into_owned())
                };
                let wanted = example(&LIBRARY);
                assert_eq!(example(plan), wanted, "{region}: plans/metadata.bin is not the library's: copy it");
                assert_eq!(example(all), wanted, "{region}: plans/metadata.bin is not the library's: copy it");
            }
        }
    }

    /// New number ranges rarely change an example: the version tells of them.
    #[test]
    fn they_are_of_the_librarys_version() {
        let lock = include_str!("../../../../Cargo.lock");
        let (_, library) = lock.split_once("name = \"rlibphonenumber\"\nversion = \"").unwrap();
        let version = library.split('"').next().unwrap();
        let ours = include_str!("../../plans/README.md");
        assert!(
            ours.contains(&format!("`rlibphonenumber` {version} ships it")),
            "rlibphonenumber is at {version}: copy its metadata.bin to plans/, and write the version into plans/README.md"
        );
    }

    #[test]
    fn a_calling_code_is_found_in_front_of_a_number() {
        for (digits, region) in [("48500100200", Region::PL), ("12025550123", Region::US), ("38343201234", Region::XK)]
        {
            let plan = of_digits(digits).unwrap();
            assert!(plan.get_supported_regions().any(|other| other == region), "{digits}");
        }
        for digits in ["", "4", "999500100200", "x"] {
            assert!(of_digits(digits).is_none(), "{digits}");
        }
    }
}
