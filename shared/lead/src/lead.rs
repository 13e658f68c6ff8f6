//! A lead: what a customer left on a landing page.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Country, Phone};

/// A checked lead. Holds personal data: its `Debug` shows only which fields are there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The customer's name, 1 to 255 characters.
    #[serde(rename = "n")]
    pub name: String,
    /// The phone as it came and in E.164.
    #[serde(rename = "p")]
    pub phone: Phone,
    /// Where the customer is.
    #[serde(rename = "c")]
    pub country: Country,
    /// All that is optional and was there. An absent field has no entry; an entry is never empty.
    #[serde(rename = "f", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<Field, String>,
}

impl Lead {
    /// The text of an optional field.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).map(String::as_str)
    }
}

impl fmt::Debug for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead")
            .field("country", &self.country)
            .field("fields", &self.fields.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

macro_rules! fields {
    ($($variant:ident $wire:literal $key:literal $max:literal $doc:literal,)*) => {
        /// An optional field of a lead, by its name on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Field {
            $(
                #[doc = $doc]
                #[serde(rename = $key)]
                $variant,
            )*
        }

        impl Field {
            /// All optional fields, in the order they are documented.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in a request and in a manifest's `{lead.…}`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $wire),* }
            }

            /// The longest text it may hold, in characters.
            #[must_use]
            pub const fn max_chars(self) -> usize {
                match self { $(Self::$variant => $max),* }
            }

            /// The field of a name on the wire.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.name() == name)
            }
        }
    };
}

// The third column is the key in storage: short, since each byte of an item is paid for. Never reuse one.
fields! {
    Email "email" "em" 254 "E-mail address.",
    Ip "ip" "ip" 45 "The customer's IP address, never the relay's or a server's.",
    UserAgent "user_agent" "ua" 1000 "The customer's browser.",
    Referer "referer" "rf" 2000 "Where the customer came from.",
    LandingUrl "landing_url" "lu" 2000 "The page the form was on.",
    Zip "zip" "zp" 32 "Postal code.",
    Region "region" "rg" 255 "State or region.",
    City "city" "ct" 255 "City.",
    Address "address" "ad" 500 "Address in one line.",
    Street "street" "st" 255 "Street.",
    House "house" "hs" 64 "House number.",
    Comment "comment" "cm" 1000 "Free text.",
    Quantity "quantity" "qt" 32 "How many, a decimal number.",
    Price "price" "pr" 32 "Price shown to the customer, a decimal number.",
    Currency "currency" "cu" 3 "ISO 4217 currency of the price.",
    ClickId "click_id" "ci" 255 "The tracker's click id.",
    Sub1 "sub1" "s1" 255 "Sub id 1.",
    Sub2 "sub2" "s2" 255 "Sub id 2.",
    Sub3 "sub3" "s3" 255 "Sub id 3.",
    Sub4 "sub4" "s4" 255 "Sub id 4.",
    Sub5 "sub5" "s5" 255 "Sub id 5.",
    UtmSource "utm_source" "us" 255 "UTM source.",
    UtmMedium "utm_medium" "um" 255 "UTM medium.",
    UtmCampaign "utm_campaign" "uc" 255 "UTM campaign.",
    UtmContent "utm_content" "uo" 255 "UTM content.",
    UtmTerm "utm_term" "ut" 255 "UTM term.",
    Language "language" "ln" 35 "The customer's language.",
    Timezone "timezone" "tz" 64 "The customer's time zone.",
}
