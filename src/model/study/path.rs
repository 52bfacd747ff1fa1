//! Paths of keys, which may leave out the names of kinds.

/// Returns whether two paths lead to the same key.
#[must_use]
pub fn is_same_key(one: &str, other: &str) -> bool {
    let (mut long, mut short) = (segments(one), segments(other));
    if long.len() < short.len() {
        std::mem::swap(&mut long, &mut short);
    }
    let mut rest = long.iter();
    long[..2.min(long.len())] == short[..2.min(short.len())]
        && long.last() == short.last()
        && short.iter().all(|segment| rest.any(|other| other == segment))
}

/// Returns whether a setting at one path also sets the other: both lead to the same key, or one leads into the table of
/// the other.
#[must_use]
pub fn overlaps(one: &str, other: &str) -> bool {
    is_same_key(one, other) || leads_into(one, other) || leads_into(other, one)
}

fn leads_into(path: &str, table: &str) -> bool {
    let segments = segments(path);
    (2..segments.len()).any(|n| is_same_key(&segments[..n].join("."), table))
}

fn segments(path: &str) -> Vec<&str> {
    path.split('.').map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_may_be_left_out() {
        let full = "capacities.us.on_demand.tpm";
        assert!(is_same_key(full, full) && is_same_key("capacities.us.tpm", full));
        assert!(is_same_key("capacities.us.limiter.burst", "capacities.us.on_demand.limiter.token_bucket.burst"));
        assert!(is_same_key("workloads.chat.tier.flex.latency_factor", "workloads.chat.tier.latency_factor"));
        for other in ["capacities.us.rpm", "capacities.eu.tpm", "capacities.us.on_demand", "capacities"] {
            assert!(!is_same_key(other, full), "{other}");
        }
    }

    #[test]
    fn a_key_of_a_kind_is_part_of_what_names_the_kind() {
        assert!(overlaps("capacities.us.limiter.token_bucket.burst", "capacities.us.limiter"));
        assert!(overlaps("capacities.us.on_demand.limiter", "capacities.us.limiter.token_bucket.burst"));
        assert!(!overlaps("capacities.us.limiter", "capacities.us.tpm"));
        assert!(!overlaps("capacities.us.tpm", "capacities.us.on_demand.rpm"));
    }
}
