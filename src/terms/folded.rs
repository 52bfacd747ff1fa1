//! Folds assumptions that are the same at many places into one line.

/// The number of places from which an assumption is folded: fewer are easier to read, and to copy, each in its own
/// line.
const MANY: usize = 3;
/// Places that a line names.
const NAMED: usize = 4;

/// A value that is assumed, with the path of its key and the reason.
#[derive(Debug, Clone, Copy)]
pub struct Assumed<'a> {
    pub path: &'a str,
    pub value: &'a str,
    pub why: &'a str,
}

/// Returns a line for each assumption; those that give the same key of many places the same value for the same reason
/// share one.
#[must_use]
pub fn folded<'a>(assumptions: impl IntoIterator<Item = Assumed<'a>>) -> Vec<String> {
    let mut groups: Vec<(Ends<'a>, Assumed<'a>, Vec<&'a str>)> = Vec::new();
    for assumption in assumptions {
        let (ends, place) = ends(assumption.path);
        let is_same = |(known, first, _): &&mut (Ends<'a>, Assumed<'a>, Vec<&'a str>)| {
            *known == ends && (first.value, first.why) == (assumption.value, assumption.why)
        };
        match groups.iter_mut().find(is_same) {
            Some((_, _, places)) => places.push(place),
            None => groups.push((ends, assumption, vec![place])),
        }
    }
    groups.iter().flat_map(|(ends, first, places)| of_group(*ends, *first, places)).collect()
}

/// The family and the key of a path, such as `capacities` and `limiter`.
type Ends<'p> = (&'p str, &'p str);

/// Splits a path such as `capacities.search.us.limiter` into its ends and the place between them, `search.us`.
fn ends(path: &str) -> (Ends<'_>, &str) {
    let parts = path.split_once('.').and_then(|(family, rest)| Some((family, rest.rsplit_once('.')?)));
    parts.map_or(((path, ""), ""), |(family, (place, key))| ((family, key), place))
}

fn of_group((family, key): Ends<'_>, first: Assumed<'_>, places: &[&str]) -> Vec<String> {
    let value = first.value;
    if places.len() < MANY {
        let path =
            |place: &&str| if place.is_empty() { first.path.to_owned() } else { format!("{family}.{place}.{key}") };
        return places.iter().map(|place| format!("{} = {value}", path(place))).collect();
    }
    let named = places.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = places.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    vec![format!("{family}.*.{key} = {value}, at {} places: {named}{more}", places.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(all: &[(String, &str)]) -> Vec<String> {
        folded(all.iter().map(|(path, value)| Assumed { path, value, why: "it is not published" }))
    }

    #[test]
    fn what_is_assumed_at_many_places_is_one_line() {
        let mut all: Vec<(String, &str)> =
            (1..=12).map(|i| (format!("capacities.w{i}.us.limiter"), "\"fixed\"")).collect();
        all.push(("capacities.x.us.limiter".to_owned(), "\"bucket\""));
        all.push(("account.tpd".to_owned(), "700000000"));
        let lines = told(&all);
        assert_eq!(lines[0], "capacities.*.limiter = \"fixed\", at 12 places: w1.us, w2.us, w3.us, w4.us and 8 more");
        assert_eq!(lines[1..], ["capacities.x.us.limiter = \"bucket\"", "account.tpd = 700000000"]);
        assert_eq!(told(&all[..2]).len(), 2, "two are told each by itself");
    }
}
