//! What the compiler says: of mistakes in the attribute, and of mistakes in the user's code under it.
//!
//! Read every `.stderr` before it is committed: `TRYBUILD=overwrite cargo test -p tracer-tests --test ui`.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*.rs");
    cases.pass("ui/pass/*.rs");
}
