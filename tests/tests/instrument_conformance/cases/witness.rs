//! What the mock does not look at: the order of fields, their types, drops, unwinding, and a grammar that takes more than
//! its documentation says.

use super::instrument;
use crate::support::{Polls, block_on};
use crate::witness::seen;
use std::num::{NonZeroU8, Wrapping};
use std::panic::catch_unwind;
use tracing_mock::subscriber;

#[instrument(fields(z = 1, a = %first, first = ?second, m.n, k = second))]
fn ordered(second: bool, first: u8, other: &str) {
    let _ = (second, first, other);
}

pub(crate) fn fields_are_visited_in_order_with_their_types() {
    let expected = "new 1 INFO ordered second:bool=true other:str=\"x\" z:i64=1 a:debug=7 first:debug=true k:bool=true\n\
                    enter 1\nexit 1\nclose 1\n";
    assert_eq!(seen(|| ordered(true, 7, "x")), expected);
}

type Alias = u8;

#[instrument]
#[expect(clippy::too_many_arguments, reason = "one of each")]
fn values(
    a: bool,
    b: i8,
    c: &u128,
    d: f32,
    e: &&String,
    f: std::num::NonZeroU8,
    g: Wrapping<i16>,
    h: isize,
    mut i: i128,
) {
    i += 1;
    let _ = (a, b, c, d, e, f, g, h, i);
}

pub(crate) fn each_type_that_is_a_value() {
    let call = || {
        let text = String::from("t");
        values(true, -1, &2, 0.5, &&text, NonZeroU8::MIN, Wrapping(3), -4, 5);
    };
    let expected = "new 1 INFO values a:bool=true b:i64=-1 c:u128=2 d:f64=0.5 e:str=\"t\" f:u64=1 g:i64=3 h:i64=-4 \
                    i:i128=5\nenter 1\nexit 1\nclose 1\n";
    assert_eq!(seen(call), expected);
}

#[instrument]
fn debugged(a: Alias, b: Option<u8>, c: char, d: Box<u8>, e: [u8; 2], f: &mut Vec<u8>, g: impl Copy + std::fmt::Debug) {
    f.push(a);
    let _ = (b, c, d, e, g);
}

pub(crate) fn what_is_no_value_is_debugged() {
    let expected = "new 1 INFO debugged a:debug=1 b:debug=Some(2) c:debug='c' d:debug=3 e:debug=[4, 5] f:debug=[] \
                    g:debug=\"g\"\nenter 1\nexit 1\nclose 1\n";
    assert_eq!(
        seen(|| debugged(1, Some(2), 'c', Box::new(3), [4, 5], &mut Vec::new(), "g")),
        expected
    );
}

#[derive(Debug)]
struct Tells(&'static str);

impl Drop for Tells {
    fn drop(&mut self) {
        tracing::info!(drop = self.0);
    }
}

#[instrument(skip_all)]
fn drops(used: Tells, unused: Tells) {
    let _local = Tells("local");
    let _ = &used;
}

#[instrument(skip_all, err)]
fn drops_with_err(used: Tells, unused: Tells) -> Result<(), u8> {
    let _local = Tells("local");
    let _ = &used;
    Err(1)
}

#[instrument(skip_all, err)]
async fn drops_async(used: Tells, unused: Tells) -> Result<(), u8> {
    let _local = Tells("local");
    let _ = &used;
    Polls(2).await.map_err(|_| 2)?;
    Err(1)
}

#[instrument(skip_all)]
fn drops_wildcard(_: Tells, (first, _): (Tells, Tells)) {
    let _ = &first;
}

struct Owner(Tells);

impl Owner {
    #[instrument(skip_all)]
    fn consumed(self, other: Tells) {
        let _ = &other;
    }

    #[instrument(skip_all, ret)]
    fn part(self) -> u8 {
        let _ = &self.0;
        1
    }
}

pub(crate) fn drops_are_where_they_were() {
    let pair = || (Tells("used"), Tells("unused"));
    let plain = seen(|| {
        let (used, unused) = pair();
        drops(used, unused);
    });
    assert_eq!(
        plain,
        "new 1 INFO drops\nenter 1\nevent INFO drop:str=\"local\"\nexit 1\nclose 1\nevent INFO drop:str=\"unused\"\n\
         event INFO drop:str=\"used\"\n"
    );
    let with_err = seen(|| {
        let (used, unused) = pair();
        drops_with_err(used, unused).unwrap_err();
    });
    assert_eq!(
        with_err,
        "new 1 INFO drops_with_err\nenter 1\nevent INFO drop:str=\"local\"\nevent ERROR error:debug=1\n\
         event INFO drop:str=\"used\"\nexit 1\nclose 1\nevent INFO drop:str=\"unused\"\n"
    );
    let of_future = seen(|| {
        let (used, unused) = pair();
        block_on(drops_async(used, unused)).unwrap_err();
    });
    assert_eq!(
        of_future,
        "new 1 INFO drops_async\nenter 1\nexit 1\nenter 1\nevent INFO drop:str=\"local\"\nevent INFO drop:str=\"used\"\n\
         event ERROR error:debug=1\nexit 1\nenter 1\nexit 1\nclose 1\nevent INFO drop:str=\"unused\"\n"
    );
    let patterns = seen(|| drops_wildcard(Tells("wild"), (Tells("first"), Tells("rest"))));
    assert_eq!(
        patterns,
        "new 1 INFO drops_wildcard\nenter 1\nexit 1\nclose 1\nevent INFO drop:str=\"first\"\n\
         event INFO drop:str=\"rest\"\nevent INFO drop:str=\"wild\"\n"
    );
    let of_self = seen(|| {
        Owner(Tells("self")).consumed(Tells("other"));
        Owner(Tells("part")).part();
    });
    assert_eq!(
        of_self,
        "new 1 INFO consumed\nenter 1\nexit 1\nclose 1\nevent INFO drop:str=\"other\"\nevent INFO drop:str=\"self\"\n\
         new 2 INFO part\nenter 2\nevent INFO drop:str=\"part\"\nevent INFO return:debug=1\nexit 2\nclose 2\n"
    );
}

#[instrument(ret)]
fn panics(yes: bool) -> u8 {
    assert!(!yes, "as it should");
    1
}

#[instrument]
async fn panics_async(yes: bool) {
    let _ = Polls(2).await;
    assert!(!yes, "as it should");
}

pub(crate) fn a_panic_leaves_the_span() {
    let of_function = seen(|| {
        catch_unwind(|| panics(true)).unwrap_err();
    });
    assert_eq!(of_function, "new 1 INFO panics yes:bool=true\nenter 1\nexit 1\nclose 1\n");
    let of_future = seen(|| {
        catch_unwind(|| block_on(panics_async(true))).unwrap_err();
    });
    assert_eq!(
        of_future,
        "new 1 INFO panics_async yes:bool=true\nenter 1\nexit 1\nenter 1\nexit 1\nenter 1\nexit 1\nclose 1\n"
    );
}

#[instrument(, level = "debug" "loose" fields(a = 1,),, skip() skip(b), ret err(),)]
fn loose(b: u8) -> Result<u8, u8> {
    Ok(b)
}

pub(crate) fn a_loose_grammar() {
    let expected = "new 1 DEBUG loose a:i64=1\nenter 1\nevent DEBUG return:debug=2\nexit 1\nclose 1\n";
    assert_eq!(seen(|| assert_eq!(loose(2), Ok(2))), expected);
}

#[instrument(parent = None, parent = tracing::Span::current(), err(level = 1), err, ret, ret(Display))]
fn twice() -> Result<u8, u8> {
    Ok(1)
}

pub(crate) fn what_is_given_twice() {
    let expected = "new 1 INFO out\nenter 1\nclone 1\nclose 1\nnew 2 INFO twice under 1\nenter 2\n\
                    event INFO return:debug=1\nexit 2\nclose 2\nexit 1\nclose 1\n";
    assert_eq!(seen(|| tracing::info_span!("out").in_scope(|| twice().map(drop).unwrap())), expected);
}

#[instrument]
fn counts_down(n: u8) -> u8 {
    match n {
        0 => 0,
        n => counts_down(n - 1),
    }
}

pub(crate) fn recursion() {
    let expected = "new 1 INFO counts_down n:u64=1\nenter 1\nnew 2 INFO counts_down n:u64=0\nenter 2\nexit 2\nclose 2\n\
                    exit 1\nclose 1\n";
    assert_eq!(seen(|| assert_eq!(counts_down(1), 0)), expected);
}

#[instrument(skip_all)]
fn returns_early(list: &[u8]) -> Option<u8> {
    let first = *list.first()?;
    for n in list {
        if *n > first {
            return Some(*n);
        }
    }
    let double = |n: &u8| -> Option<u8> { n.checked_mul(2)?.checked_mul(1) };
    list.iter().find_map(double)
}

pub(crate) fn closures_and_returns() {
    let expected = "new 1 INFO returns_early\nenter 1\nexit 1\nclose 1\n";
    assert_eq!(seen(|| assert_eq!(returns_early(&[]), None)), expected);
    assert_eq!(seen(|| assert_eq!(returns_early(&[1, 2]), Some(2))), expected);
    assert_eq!(seen(|| assert_eq!(returns_early(&[3]), Some(6))), expected);
}

#[instrument]
async fn unwanted(text: &str) -> usize {
    let _ = Polls(2).await;
    text.len()
}

pub(crate) fn a_subscriber_that_is_not_interested() {
    let mock = subscriber::mock().with_filter(|_| false).only();
    crate::support::check(mock, || {
        assert_eq!(block_on(unwanted("four")), 4);
        assert_eq!(loose(2), Ok(2));
    });
}

#[instrument(fields(declared, expression = 1))]
fn described(parameter: u8) -> Option<&'static tracing::Metadata<'static>> {
    let _ = parameter;
    tracing::Span::current().metadata()
}

pub(crate) fn metadata() {
    let mut metadata = None;
    let _ = seen(|| metadata = described(1));
    let metadata = metadata.expect("a subscriber that is interested");
    let names: Vec<_> = metadata.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["parameter", "declared", "expression"]);
    assert!(metadata.is_span());
    assert_eq!(metadata.name(), "described");
    assert_eq!(metadata.module_path(), Some(module_path!()));
    assert!(metadata.file().is_some_and(|file| file.ends_with("witness.rs")));
    // Where the attribute stands.
    let source = include_str!("witness.rs");
    let line = source.lines().position(|line| line.contains("expression = 1")).map(|line| line + 1);
    assert_eq!(metadata.line().map(|line| line as usize), line);
}
