//! Default quotas: the limits that the catalogue lists for a capacity which states none.

use crate::catalog::{MantleEntry, Path, QuotaEntry};
use crate::model::capacity::quota::LimitKind;

/// The default limits of a capacity, as far as the catalogue knows them.
#[derive(Debug, Clone, Copy)]
pub enum DefaultQuota<'c> {
    /// The capacity has no default limits: the kind has none, or the scenario states the model itself.
    None,
    /// AWS sets limits, and the catalogue does not know them. The limits are those of an endpoint.
    Unknown { limits: [LimitKind; 2] },
    /// The limits are known.
    Known(ListedQuota<'c>),
}

/// The limits that the catalogue lists, and the doubt whether they hold for this capacity.
#[derive(Debug, Clone, Copy)]
pub struct ListedQuota<'c> {
    pub entry: QuotaRow<'c>,
    /// The reason for which the limits of this capacity may be others; `None`: nothing is known against them.
    pub caveat: Option<&'static str>,
}

/// A row of default limits in the catalogue.
#[derive(Debug, Clone, Copy)]
pub enum QuotaRow<'c> {
    Runtime(&'c QuotaEntry),
    Mantle(&'c MantleEntry),
}

impl<'c> DefaultQuota<'c> {
    /// Returns the limits of the bedrock-runtime endpoint for calls from a region, by a path of the catalogue.
    #[must_use]
    pub fn of_path(path: Option<&'c Path>, region: Option<&str>) -> Self {
        match path {
            None => Self::None,
            Some(path) => path.quota_from(region).map_or(Self::UNKNOWN_RUNTIME, Self::runtime),
        }
    }

    /// The limits of the bedrock-runtime endpoint where the catalogue does not know their amounts.
    pub const UNKNOWN_RUNTIME: Self = Self::Unknown { limits: [LimitKind::Rpm, LimitKind::Tpm] };

    /// The limits of the bedrock-mantle endpoint where the catalogue does not know their amounts.
    pub const UNKNOWN_MANTLE: Self = Self::Unknown { limits: [LimitKind::Itpm, LimitKind::Otpm] };

    /// Returns the limits of a row.
    #[must_use]
    pub const fn runtime(entry: &'c QuotaEntry) -> Self {
        Self::Known(ListedQuota { entry: QuotaRow::Runtime(entry), caveat: None })
    }

    /// Returns these limits with a reason for which those of the capacity may be others.
    #[must_use]
    pub const fn with_caveat(self, caveat: &'static str) -> Self {
        match self {
            Self::Known(listed) => Self::Known(ListedQuota { caveat: Some(caveat), ..listed }),
            other => other,
        }
    }

    /// Returns the limits, where they are known.
    #[must_use]
    pub const fn known(&self) -> Option<&ListedQuota<'c>> {
        match self {
            Self::Known(listed) => Some(listed),
            _ => None,
        }
    }
}

impl<'c> QuotaRow<'c> {
    /// Returns each limit of the row and its amount per minute or per day.
    #[must_use]
    pub const fn limits(&self) -> [(LimitKind, Option<u64>); 3] {
        match self {
            Self::Runtime(q) => [(LimitKind::Rpm, q.rpm), (LimitKind::Tpm, q.tpm), (LimitKind::Tpd, q.tpd)],
            Self::Mantle(m) => [(LimitKind::Itpm, m.itpm), (LimitKind::Otpm, m.otpm), (LimitKind::Tpd, None)],
        }
    }

    /// Returns the source and the date of a limit.
    #[must_use]
    pub fn fact(&self, kind: LimitKind) -> (&'c str, &'c str) {
        match self {
            Self::Runtime(q) => q.fact(kind.name()),
            Self::Mantle(m) => m.fact(kind.name()),
        }
    }

    /// Returns whether a limit comes from a catalogue of the user's own.
    #[must_use]
    pub fn is_own(&self, kind: LimitKind) -> bool {
        match self {
            Self::Runtime(q) => q.overlaid.contains_key(kind.name()),
            Self::Mantle(m) => m.overlaid.contains_key(kind.name()),
        }
    }

    /// Returns the source regions of which the limits are known; empty: the source names none.
    #[must_use]
    pub fn regions(&self) -> &'c [String] {
        match self {
            Self::Runtime(q) => &q.regions,
            Self::Mantle(m) => &m.regions,
        }
    }

    /// Returns whether two capacities have the same row, so that they can share a quota.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Runtime(a), Self::Runtime(b)) => std::ptr::eq(*a, *b),
            (Self::Mantle(a), Self::Mantle(b)) => std::ptr::eq(*a, *b),
            _ => false,
        }
    }

    /// Returns a remark on a limit in a source region, to follow its value; empty: there is nothing to remark.
    #[must_use]
    pub fn remark_on_region(&self, region: Option<&str>) -> String {
        let known = self.regions();
        let all = || known.join(", ");
        match region {
            _ if known.is_empty() => String::new(),
            Some(region) if known.iter().any(|r| r == region) => String::new(),
            Some(region) => format!(" as known of {} and not of {region}", all()),
            None => format!(" as known of {} (quotas differ by source region: write `region`)", all()),
        }
    }
}
