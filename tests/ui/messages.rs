//! What the compiler says: of mistakes in the attribute, and of mistakes in the user's code under it.
//!
//! `instrument/`: the same mistakes under our `#[instrument]` and under that of `tracing`.
//! Read every `.stderr` before it is committed: `TRYBUILD=overwrite cargo test -p tracer-tests-ui`.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/*.rs");
    cases.pass("pass/*.rs");
    cases.compile_fail("instrument/ours/*.rs");
    cases.compile_fail("instrument/theirs/*.rs");
    cases.pass("instrument/pass/*.rs");
}

/// `(line, column)` of each error.
fn positions(stderr: &str) -> Vec<(usize, usize)> {
    let mut lines = stderr.lines().map(str::trim_start);
    let mut positions = Vec::new();
    while lines.any(|line| line.starts_with("error")) {
        let place = lines.by_ref().find_map(|line| line.strip_prefix("--> "));
        let mut numbers = place
            .into_iter()
            .flat_map(|place| place.rsplit(':'))
            .map(str::parse);
        if let (Some(Ok(column)), Some(Ok(line))) = (numbers.next(), numbers.next()) {
            positions.push((line, column));
        }
    }
    positions
}

/// Where both have seen the same mistakes: what `tracing` says of the attribute as a whole we may say more closely.
#[test]
fn mistakes_are_reported_where_tracing_reports_them() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("instrument");
    let read =
        |side: &str, name: &str| std::fs::read_to_string(root.join(side).join(name)).unwrap();
    let mut compared = 0;
    for file in std::fs::read_dir(root.join("ours")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(case) = name.strip_suffix(".rs") else {
            continue;
        };
        let source = read("ours", &name);
        let same = source.replace(
            "use tracer_runtime::instrument;",
            "use tracing::instrument;",
        );
        assert_eq!(same, read("theirs", &name));
        let stderr = format!("{case}.stderr");
        let theirs = positions(&read("theirs", &stderr));
        for ours in positions(&read("ours", &stderr)) {
            let attribute = source.lines().take(ours.0).collect::<Vec<_>>();
            let attribute = attribute
                .iter()
                .rposition(|line| line.starts_with("#[instrument"))
                .map(|line| line + 1);
            let at_attribute = theirs.iter().any(|place| Some(place.0) == attribute);
            assert!(
                theirs.contains(&ours) || at_attribute,
                "{case}: {ours:?} is not in {theirs:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared} mistakes");
}
