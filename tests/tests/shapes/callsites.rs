use super::*;

#[traced]
/// Documented.
#[inline]
pub(super) fn located() -> (&'static str, u32) {
    (file!(), line!() - 1)
}

#[test]
fn the_location_is_that_of_the_function() {
    let capture = capture();
    let (file, line) = located();
    let callsite = capture.spans()[0].callsite;
    assert_eq!(callsite.location().file(), file);
    assert_eq!(callsite.location().line(), line);
    assert_eq!(callsite.module(), module_path!());
    assert_eq!(callsite.target(), module_path!());
    assert_eq!(
        (callsite.name(), callsite.function()),
        ("located", "located")
    );
}
