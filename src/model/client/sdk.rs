//! Retries by the name and the version of an SDK: its default, or a mode that is asked for. The facts are rows of
//! `catalog/sdks.toml`; versions and modes without a row are refused.

use schemars::JsonSchema;
use serde::Deserialize;

use super::retry::{Jitter, RetryPolicy, RetryQuota};
use crate::catalog::sdks::{SdkEntry, SdkMode, SdkRetries, Sdks, Version};
use crate::diagnostic::{Sink, Span};
use crate::model::quantity::{Count, Text};
use crate::model::spec::{At, Refusal, Scalar, Written, scalar, unknown, words};

/// The SDK from which a retry policy comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// The name and version of the SDK, such as `python 1.43.2`.
    pub sdk: String,
    /// The retry mode, such as `legacy`.
    pub mode: &'static str,
    /// True if this version of the SDK uses the mode by default.
    pub is_default: bool,
    /// The assumption that the catalogue makes where its source is silent; `None`: it makes none.
    pub assumed: Option<&'static str>,
    /// The date of its facts, YYYY-MM-DD.
    pub as_of: &'static str,
    /// The source of the facts.
    pub source: &'static str,
}

/// The retry behaviour of one version of an AWS SDK; `bedload catalog` lists the known ones.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SdkRetries")]
pub struct SdkSpec {
    /// The name of the SDK, such as "python".
    pub name: At<Text>,
    /// The version of the SDK, such as "1.44.0"; for Python the version of botocore.
    pub version: At<VersionText>,
    /// The retry mode that is set; default that of the version.
    pub mode: Option<At<ModeSpec>>,
    /// The number of attempts in all, the first included; default that of the mode.
    pub max_attempts: Option<At<Count>>,
}

words! {
    /// A retry mode of AWS SDKs.
    ModeSpec, "a retry mode" {
        "standard" => Standard,
        "legacy" => Legacy,
        "adaptive" => Adaptive,
    }
}

impl ModeSpec {
    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Legacy => "legacy",
            Self::Adaptive => "adaptive",
        }
    }
}

/// A version as it was written.
#[derive(Debug, Clone, Copy)]
pub struct VersionText(pub Version);

impl Scalar for VersionText {
    fn read(written: Written<'_>) -> Result<Self, Refusal> {
        const HELP: &str = "write up to four numbers in quotes, such as version = \"1.44.0\"";
        match written {
            Written::Text(text) => text.parse().map(Self).map_err(|rule: String| Refusal::new(rule).help(HELP)),
            // 1.40 is the number 1.4.
            other => Err(Refusal::new(format!("a version is a text, {other} is not")).help(HELP)),
        }
    }
}
scalar!(VersionText, { "type": "string", "examples": ["1.44.0"] });

/// The packages whose name differs from the name of their SDK in the catalogue.
const PACKAGES: [(&str, &str); 6] = [
    ("boto3", "python"),
    ("botocore", "python"),
    ("aioboto3", "python"),
    ("aws-sdk-js", "javascript"),
    ("aws-sdk-go", "go"),
    ("aws-sdk-rust", "rust"),
];

/// Returns the SDK whose retries the catalogue knows and that a lower-case text calls by its package, such as `boto3`.
fn packaged(package: &str) -> Option<&'static SdkEntry> {
    let name = PACKAGES.iter().find(|(known, _)| *known == package).map_or(package, |(_, name)| *name);
    let mut known = Sdks::embedded().sdks.iter().filter(|sdk| sdk.first_known().is_some());
    known.find(|sdk| sdk.name == name || sdk.version_of.to_lowercase() == package)
}

/// Returns the keys of an SDK that a text names by its package, such as `boto3` or `botocore==1.40.0`. Without a version
/// that the catalogue knows they have the newest version.
#[must_use]
pub fn of_package(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let ends = text.find(['=', '@', ' ', '~', '>']).filter(|at| *at > 0).unwrap_or(text.len());
    let (package, version) = text.split_at(ends);
    let sdk = packaged(package)?;
    let has_default = |version: &Version| sdk.modes_at(*version).any(|row| row.is_default);
    // The version of boto3 is not that of botocore.
    let stated = version.trim_start_matches(['=', '@', ' ', '~', '>']).parse::<Version>().ok();
    let stated = stated.filter(|_| package != "boto3").filter(has_default);
    let newest = sdk.modes.iter().filter(|row| row.is_default).map(|row| row.since).max();
    let version = stated.or(newest)?;
    Some(format!("{{ name = \"{}\", version = \"{version}\" }}", sdk.name))
}

/// The help of an error about an SDK of which the catalogue knows too little.
const STATE_IT: &str = "state what it does, such as retries = \"standard_2025\" or retries = \"legacy\"";

impl SdkSpec {
    pub(super) fn lower(&self, sink: &mut Sink) -> Option<(RetryPolicy, Preset)> {
        let (sdk, row) = match self.row() {
            Ok(found) => found,
            Err((at, refusal)) => {
                refusal.report(at, sink);
                return None;
            }
        };
        let policy = policy(row.retries).of(&self.max_attempts, sink)?;
        let preset = Preset {
            sdk: format!("{} {}", sdk.name, self.version.value.0),
            mode: &row.mode,
            is_default: row.is_default,
            assumed: row.assumed.as_deref(),
            as_of: &row.as_of,
            source: &row.source,
        };
        Some((policy, preset))
    }

    fn row(&self) -> Result<(&'static SdkEntry, &'static SdkMode), (Span, Refusal)> {
        let sdks = Sdks::embedded();
        let (name, version) = (&*self.name.value, self.version.value.0);
        let Some(sdk) = sdks.get(name) else {
            let rule = format!("the catalogue knows no SDK `{name}`");
            if let Some(sdk) = packaged(&name.to_lowercase()) {
                let help = format!("did you mean `{}`? Its version is that of {}", sdk.name, sdk.version_of);
                let offers = vec![sdk.name.clone()];
                return Err((self.name.at.clone(), Refusal { offers, ..Refusal::new(rule).help(help) }));
            }
            let known = sdks.sdks.iter().filter(|sdk| sdk.first_known().is_some()).map(|sdk| sdk.name.as_str());
            return Err((self.name.at.clone(), unknown(rule, name, known)));
        };
        let Some(first) = sdk.first_known() else {
            let rule = format!("the catalogue names `{name}` and does not know how it retries");
            return Err((self.name.at.clone(), Refusal::new(rule).help(STATE_IT)));
        };
        if version < first {
            let rule = format!("of {} the catalogue knows {first} and later, {version} is older", sdk.version_of);
            return Err((self.version.at.clone(), Refusal::new(rule).help(STATE_IT)));
        }
        let modes: Vec<&SdkMode> = sdk.modes_at(version).collect();
        let row = match &self.mode {
            Some(mode) => modes.iter().find(|row| row.mode == mode.value.name()),
            None => modes.iter().find(|row| row.is_default),
        };
        row.map(|row| (sdk, *row)).ok_or_else(|| {
            let known: Vec<&str> = modes.iter().map(|row| row.mode.as_str()).collect();
            let (at, what) = match &self.mode {
                Some(mode) => (&mode.at, format!("mode `{}`", mode.value.name())),
                None => (&self.version.at, "default".to_owned()),
            };
            let rule = format!("the catalogue knows no {what} of {name} {version}");
            (at.clone(), Refusal::new(rule).help(format!("it knows {}; or {STATE_IT}", known.join(", "))))
        })
    }
}

fn policy(retries: SdkRetries) -> RetryPolicy {
    const MILLISECOND: u64 = 1_000;
    RetryPolicy {
        max_attempts: retries.max_attempts,
        base_throttled: retries.throttled_ms * MILLISECOND,
        base_transient: retries.transient_ms * MILLISECOND,
        cap: retries.cap_ms.map_or(u64::MAX, |cap| cap * MILLISECOND),
        jitter: if retries.without_jitter { Jitter::None } else { Jitter::Full },
        first_at_once: retries.first_at_once,
        quota: retries.quota.map(|quota| RetryQuota {
            capacity: quota.capacity,
            cost_throttled: quota.throttled,
            cost_transient: quota.transient,
            cost_timed_out: quota.timed_out,
        }),
        adaptive: retries.rate_limiter,
    }
}

#[cfg(test)]
mod tests {
    use super::super::retry::{Cause, RetryQuotas};
    use super::*;

    fn read(text: &str) -> Result<(RetryPolicy, Preset), String> {
        let spec: SdkSpec = toml::from_str(text).unwrap();
        let mut sink = Sink::default();
        spec.lower(&mut sink).ok_or_else(|| sink.findings[0].rule.clone())
    }

    fn sdk(name: &str, version: &str) -> RetryPolicy {
        read(&format!("name = \"{name}\"\nversion = \"{version}\"")).unwrap().0
    }

    fn opted(name: &str, version: &str, mode: &str) -> RetryPolicy {
        read(&format!("name = \"{name}\"\nversion = \"{version}\"\nmode = \"{mode}\"")).unwrap().0
    }

    #[test]
    fn defaults_turn_where_the_releases_did() {
        for (name, before, after, was) in [
            ("python", "1.43.99", "1.44.0", RetryPolicy::LEGACY),
            ("cli", "2.39.9", "2.40.0", RetryPolicy::STANDARD_2025),
            ("go", "v1.47.12", "v1.48.0", RetryPolicy::STANDARD_2025),
        ] {
            assert_eq!(sdk(name, before), was, "{name}");
            assert_eq!(sdk(name, after), RetryPolicy::STANDARD, "{name}");
        }
        assert_eq!(sdk("javascript", "3.1166.0"), RetryPolicy::STANDARD);
        assert_eq!(sdk("rust", "1.13.2"), RetryPolicy::STANDARD);
        assert_eq!(sdk("python", "2.0"), RetryPolicy::STANDARD);
    }

    #[test]
    fn python_has_three_modes() {
        assert_eq!(sdk("python", "1.40"), RetryPolicy::LEGACY);
        assert_eq!(opted("python", "1.40.0", "standard"), RetryPolicy::STANDARD_2025);
        let adaptive = RetryPolicy { adaptive: true, ..RetryPolicy::STANDARD_2025 };
        assert_eq!(opted("python", "1.43.0", "adaptive"), adaptive);
        assert_eq!(opted("python", "1.44.5", "standard"), RetryPolicy::STANDARD);
        assert_eq!(opted("python", "1.44.5", "adaptive"), RetryPolicy::ADAPTIVE);
        assert_eq!(opted("python", "1.44.5", "legacy"), RetryPolicy::LEGACY);
        assert_eq!(opted("cpp", "1.11.700", "standard"), RetryPolicy::STANDARD_2025);
    }

    /// Delays before retries 0, 1, … at the upper end of the jitter \[ms\].
    fn longest(policy: RetryPolicy, cause: Cause) -> Vec<u64> {
        (0..policy.max_attempts - 1).map(|i| policy.delay(i, cause, 1.0) / 1_000).collect()
    }

    fn costs(policy: RetryPolicy) -> [Option<u32>; 3] {
        let mut quotas = RetryQuotas::new(policy.quota, 1);
        [Cause::Throttled, Cause::Transient, Cause::TimedOut].map(|cause| quotas.take(0, cause))
    }

    #[test]
    fn javascript_before_2026_waited_from_500_ms_after_a_429_and_from_100_ms_otherwise() {
        let policy = sdk("javascript", "3.1165.9");
        assert_eq!(longest(policy, Cause::Throttled), [500, 1_000]);
        assert_eq!(longest(policy, Cause::Transient), [100, 200]);
        assert_eq!(policy.delay(1, Cause::Throttled, 0.25), 250_000);
        assert_eq!(costs(policy), [Some(5), Some(10), Some(10)]);
    }

    #[test]
    fn java_tries_four_times_and_throttled_retries_cost_nothing() {
        let policy = sdk("java", "2.44.0");
        assert_eq!(longest(policy, Cause::Throttled), [500, 1_000, 2_000]);
        assert_eq!(longest(policy, Cause::Transient), [100, 200, 400]);
        assert_eq!(policy.delay(2, Cause::Throttled, 0.5), 1_000_000);
        assert_eq!(costs(policy), [Some(0), Some(5), Some(5)]);
        let standard = opted("java", "2.44.0", "standard");
        assert_eq!(longest(standard, Cause::Throttled), [1_000, 2_000]);
        assert_eq!(longest(standard, Cause::TimedOut), [100, 200]);
        assert_eq!(costs(standard), [Some(5), Some(5), Some(5)]);
    }

    #[test]
    fn cpp_tries_eleven_times_the_second_at_once_and_without_jitter() {
        let policy = sdk("cpp", "1.11.500");
        let delays = [0, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800];
        assert_eq!(longest(policy, Cause::Throttled), delays);
        assert_eq!(longest(policy, Cause::Transient), delays);
        assert_eq!(policy.delay(3, Cause::Throttled, 0.1), 200_000);
        assert_eq!(costs(policy), [Some(0); 3]);
    }

    #[test]
    fn rust_before_2026_paid_more_for_transient_failures() {
        let policy = sdk("rust", "1.13.1");
        assert_eq!(longest(policy, Cause::Throttled), [1_000, 2_000]);
        assert_eq!(longest(policy, Cause::Transient), [1_000, 2_000]);
        assert_eq!(costs(policy), [Some(5), Some(10), Some(10)]);
    }

    #[test]
    fn dotnet_waits_a_second_after_every_failure_and_a_retry_costs_5() {
        for version in ["4.0.0", "4.0.4.0", "4.1.2.3"] {
            let policy = sdk("dotnet", version);
            assert_eq!(longest(policy, Cause::Throttled), [1_000, 2_000], "{version}");
            assert_eq!(longest(policy, Cause::Transient), [1_000, 2_000], "{version}");
            assert_eq!(costs(policy), [Some(5); 3], "{version}");
        }
        assert_eq!(sdk("powershell", "5.0.201"), sdk("dotnet", "4.0.0"));
        assert_eq!(sdk("powershell", "5.0.202"), RetryPolicy::STANDARD);
    }

    #[test]
    fn a_preset_says_what_it_is_and_what_it_rests_on() {
        let (policy, preset) =
            read("name = \"python\"\nversion = \"1.43\"\nmode = \"adaptive\"\nmax_attempts = 8").unwrap();
        assert_eq!((policy.max_attempts, preset.sdk.as_str(), preset.mode), (8, "python 1.43.0", "adaptive"));
        assert!(!preset.is_default && preset.assumed.is_some());
        let (_, preset) = read("name = \"python\"\nversion = \"1.44.5\"").unwrap();
        assert!(preset.is_default && preset.assumed.is_none());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (name, version, rule) in [
            ("kotlin", "1.6.0", "does not know how it retries"),
            ("python", "1.34.0", "1.34.0 is older"),
            ("cli", "1.40.0", "1.40.0 is older"),
            ("ruby", "3.0.0", "no SDK `ruby`"),
        ] {
            let fault = read(&format!("name = \"{name}\"\nversion = \"{version}\"")).unwrap_err();
            assert!(fault.contains(rule), "{fault}");
        }
        let fault = read("name = \"go\"\nversion = \"1.48.0\"\nmode = \"legacy\"").unwrap_err();
        assert_eq!(fault, "the catalogue knows no mode `legacy` of go 1.48.0");
    }
}
