//! Did you mean …?

/// The candidate that a misspelt name most probably meant: at most a third of its letters away, capitals aside.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count() / 3;
    let near = |candidate: &'a str| {
        let distance = strsim::osa_distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
        (distance <= limit && candidate != name).then_some((distance, candidate))
    };
    // Bounds on the differences in length and in letters spare most of the comparisons.
    // Of two that are as near, the one that begins alike: at a word's begin, people rarely err.
    let start = |word: &str| word.chars().take(2).collect::<String>();
    let letters = letters(name);
    let plausible = |candidate: &&str| {
        let other = self::letters(candidate);
        let differing = (letters & !other).count_ones().max((other & !letters).count_ones());
        candidate.len().abs_diff(name.len()) <= limit && differing as usize <= limit
    };
    candidates
        .into_iter()
        .filter(plausible)
        .filter_map(near)
        .min_by_key(|(distance, near)| (*distance, start(near) != start(name)))
        .map(|(_, candidate)| candidate)
}

/// A bit for each letter that a name has, capitals aside.
fn letters(name: &str) -> u64 {
    name.bytes().fold(0, |set, byte| set | 1 << (byte.to_ascii_lowercase() & 63))
}
