use super::*;
use std::panic::Location;

#[traced]
#[track_caller]
fn plain(_a: String) -> u32 {
    Location::caller().line()
}

#[traced]
#[track_caller]
fn early(text: &str) -> Result<u32, std::num::ParseIntError> {
    let n: u32 = text.parse()?;
    Ok(Location::caller().line() + n)
}

#[traced]
#[track_caller]
fn without_early(fail: bool) -> Result<u32, &'static str> {
    if fail {
        Err("seen")
    } else {
        Ok(Location::caller().line())
    }
}

struct Owned(u32);

impl Owned {
    #[traced]
    #[track_caller]
    fn by_value(self) -> u32 {
        Location::caller().line() + self.0
    }
}

#[test]
fn the_location_of_the_caller_survives() {
    let ((), text) = tree(|| {
        assert_eq!(plain(String::new()), line!());
        assert_eq!(early("0"), Ok(line!()));
        assert_eq!(without_early(false), Ok(line!()));
        assert_eq!(Owned(0).by_value(), line!());
        early("x").unwrap_err();
        without_early(true).unwrap_err();
    });
    // `early` leaves by `?`, which only a closure could see: its error counts as `ok`.
    assert_eq!(
        text,
        "plain [ok]\nearly [ok]\nwithout_early [ok]\nby_value [ok]\nearly [ok]\n\
         without_early [error: seen]\n"
    );
}
