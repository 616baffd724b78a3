//! Which levels are compiled away: the features `max_level_*` and `release_max_level_*`.

use crate::args::LEVELS;

/// `off` is above them all.
const PLACES: usize = LEVELS.len() + 1;

/// By the place in [`LEVELS`] of the least severe level that stays.
const ANY_BUILD: [bool; PLACES] = [
    cfg!(feature = "max_level_trace"),
    cfg!(feature = "max_level_debug"),
    cfg!(feature = "max_level_info"),
    cfg!(feature = "max_level_warn"),
    cfg!(feature = "max_level_error"),
    cfg!(feature = "max_level_off"),
];
const RELEASE: [bool; PLACES] = [
    cfg!(feature = "release_max_level_trace"),
    cfg!(feature = "release_max_level_debug"),
    cfg!(feature = "release_max_level_info"),
    cfg!(feature = "release_max_level_warn"),
    cfg!(feature = "release_max_level_error"),
    cfg!(feature = "release_max_level_off"),
];

/// In which builds of the user's crate an item is annotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Always,
    Never,
    /// With `debug_assertions`.
    InDebug,
    /// Without.
    InRelease,
}

impl Kept {
    /// For a level, by its place in [`LEVELS`].
    pub(crate) fn of(level: usize) -> Self {
        Self::within(level, ANY_BUILD, RELEASE)
    }

    fn within(level: usize, any_build: [bool; PLACES], release: [bool; PLACES]) -> Self {
        let any_build = least_severe(any_build);
        let release = least_severe(release).or(any_build);
        let kept = |least: Option<usize>| level >= least.unwrap_or(0);
        match (kept(any_build), kept(release)) {
            (true, true) => Self::Always,
            (false, false) => Self::Never,
            (true, false) => Self::InDebug,
            (false, true) => Self::InRelease,
        }
    }
}

/// Of several the strictest counts, as in `tracing`. All of them is what `--all-features` asks for, and nobody means.
fn least_severe(features: [bool; PLACES]) -> Option<usize> {
    match features {
        [true, true, true, true, true, true] => None,
        _ => features.iter().rposition(|&on| on),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: usize = 0;
    const DEBUG: usize = 1;
    const INFO: usize = 2;
    const ERROR: usize = 4;
    const OFF: usize = 5;

    fn features(on: &[usize]) -> [bool; PLACES] {
        std::array::from_fn(|place| on.contains(&place))
    }

    fn kept(level: usize, any_build: &[usize], release: &[usize]) -> Kept {
        Kept::within(level, features(any_build), features(release))
    }

    #[test]
    fn without_a_feature_everything_stays() {
        for level in TRACE..=ERROR {
            assert_eq!(kept(level, &[], &[]), Kept::Always);
        }
    }

    #[test]
    fn what_is_as_severe_as_the_maximum_stays() {
        for level in TRACE..=ERROR {
            for most in TRACE..=OFF {
                let expected = if level >= most {
                    Kept::Always
                } else {
                    Kept::Never
                };
                assert_eq!(kept(level, &[most], &[]), expected, "{level} {most}");
            }
        }
    }

    #[test]
    fn release_builds_have_a_maximum_of_their_own() {
        assert_eq!(kept(DEBUG, &[], &[INFO]), Kept::InDebug);
        assert_eq!(kept(INFO, &[], &[INFO]), Kept::Always);
        assert_eq!(kept(DEBUG, &[DEBUG], &[INFO]), Kept::InDebug);
        assert_eq!(kept(DEBUG, &[INFO], &[DEBUG]), Kept::InRelease);
        assert_eq!(kept(TRACE, &[INFO], &[DEBUG]), Kept::Never);
        assert_eq!(kept(ERROR, &[INFO], &[OFF]), Kept::InDebug);
    }

    #[test]
    fn of_several_the_strictest_counts() {
        assert_eq!(kept(DEBUG, &[TRACE, INFO], &[]), Kept::Never);
        assert_eq!(kept(DEBUG, &[], &[TRACE, INFO, DEBUG]), Kept::InDebug);
        assert_eq!(kept(ERROR, &[OFF, TRACE], &[]), Kept::Never);
    }

    #[test]
    fn all_of_them_are_none_of_them() {
        let all: Vec<usize> = (TRACE..=OFF).collect();
        for level in TRACE..=ERROR {
            assert_eq!(kept(level, &all, &all), Kept::Always);
        }
        assert_eq!(kept(DEBUG, &[INFO], &all), Kept::Never);
    }
}
