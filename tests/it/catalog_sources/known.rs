//! The known differences between the catalogue and a source, with the reason for which the catalogue keeps its figure.

const OF_A_CALL: &str = "the list has prices of tokens alone, and this one is of a call, from the AWS pricing page";

const OLD: &str = "the list has dropped the model; two other transcriptions of AWS prices agree on these";

const OF_GLOBAL: &str =
    "the bare id of the list has the price of the global profile, and that of a single region is unknown";

const LESS: &str =
    "the account was granted less than the default of the AWS General Reference, which the catalogue has";

/// Prices.
pub const PRICES: &[(&str, &str)] = &[
    ("amazon.rerank-v1:0 is priced", OF_A_CALL),
    ("cohere.rerank-v3-5:0 is priced", OF_A_CALL),
    ("anthropic.claude-3-haiku-20240307-v1:0 is priced", OLD),
    ("us.anthropic.claude-3-haiku-20240307-v1:0 is priced", OLD),
    ("eu.anthropic.claude-3-haiku-20240307-v1:0 is priced", OLD),
    ("anthropic.claude-opus-4-6-v1 is priced", OF_GLOBAL),
    ("anthropic.claude-sonnet-4-6 is priced", OF_GLOBAL),
    (
        "us.amazon.nova-premier-v1:0 is priced",
        "the list prices the bare id, which nobody can call; the profile is the way",
    ),
];

/// Quotas.
pub const QUOTAS: &[(&str, &str)] = &[
    ("us.anthropic.claude-haiku-4-5-20251001-v1:0 rpm", LESS),
    ("us.anthropic.claude-opus-4-1-20250805-v1:0 tpd", LESS),
    ("us.anthropic.claude-opus-4-5-20251101-v1:0 rpm", LESS),
    ("us.anthropic.claude-opus-4-5-20251101-v1:0 tpd", LESS),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0 rpm", LESS),
    ("global.anthropic.claude-haiku-4-5-20251001-v1:0 rpm", LESS),
    ("global.anthropic.claude-opus-4-5-20251101-v1:0 rpm", LESS),
    ("global.anthropic.claude-opus-4-5-20251101-v1:0 tpd", LESS),
    ("global.anthropic.claude-sonnet-4-5-20250929-v1:0 rpm", LESS),
];

/// Prices of the reserved tier.
pub const RESERVED: &[(&str, &str)] = &[];
