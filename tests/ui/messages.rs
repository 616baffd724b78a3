//! What the compiler says: of mistakes in the attribute, and of mistakes in the user's code under it.
//!
//! Read every `.stderr` before it is committed: `TRYBUILD=overwrite cargo test -p tracer-tests-ui`.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/*.rs");
    cases.pass("pass/*.rs");
}
