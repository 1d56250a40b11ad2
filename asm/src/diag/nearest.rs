//! Did you mean …?

/// The candidate that a misspelt name most probably meant: at most a third of its letters away, capitals aside.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    let near = |candidate: &'a str| {
        let distance = strsim::osa_distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
        (distance <= limit && candidate != name).then_some((distance, candidate))
    };
    // A bound on the difference in length spares most of the comparisons.
    let candidates = candidates.into_iter().filter(|c| c.len().abs_diff(name.len()) <= limit);
    candidates.filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}
