//! The names of the columns of a sweep: as short as they can be told apart.

/// Returns the end of each path that no other path shares, such as `us.tpm` beside `eu.tpm`, and `tpm` where it stands alone.
pub(super) fn distinct(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| shortest(path, paths)).collect()
}

fn shortest(path: &str, among: &[&str]) -> String {
    let starts = path.rmatch_indices('.').map(|(dot, _)| &path[dot + 1..]);
    let is_own = |end: &&str| {
        let shared = |other: &&&str| {
            **other != path && other.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        !among.iter().any(|other| shared(&other))
    };
    let own = starts.into_iter().find(is_own);
    own.unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::distinct;

    #[test]
    fn a_name_is_as_long_as_it_takes_to_be_told_apart() {
        let one = distinct(&["capacities.us.tpm", "capacities.eu.tpm", "run.traffic_scale", "plan"]);
        assert_eq!(one, ["us.tpm", "eu.tpm", "traffic_scale", "plan"]);
        let of_kinds = distinct(&["quotas.us.tpm", "capacities.us.tpm", "failure_rate", "workloads.a.failure_rate"]);
        assert_eq!(of_kinds, ["quotas.us.tpm", "capacities.us.tpm", "failure_rate", "a.failure_rate"]);
        assert_eq!(distinct(&["a.rpm", "a.rpm"]), ["rpm", "rpm"]);
    }
}
