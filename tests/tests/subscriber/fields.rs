//! Arguments and fields are there when the span begins, by their own types.

use std::borrow::Cow;

use tracer_runtime::{record, traced};
use tracing::field::Empty;
use tracing_mock::expect::{self, field};
use tracing_mock::field::ExpectedFields;
use tracing_mock::subscriber;

use crate::witness::{Pending, block_on, check, written};

fn check_fields(name: &str, fields: ExpectedFields, call: impl FnOnce()) {
    let span = expect::span().named(name);
    let mock = subscriber::mock()
        .new_span(span.clone().with_fields(fields))
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, call);
}

#[test]
fn values_keep_their_types() {
    #[derive(Debug)]
    struct Order {
        #[allow(dead_code, reason = "for Debug")]
        id: u8,
    }
    #[traced(args(*))]
    #[allow(clippy::too_many_arguments, unused_variables, reason = "one of each")]
    fn all(a: u8, b: i32, c: bool, d: f64, e: &str, f: u128, g: i128, h: Order, i: u64) {}
    let fields = field("a")
        .with_value(&1_u64)
        .and(field("b").with_value(&-2_i64))
        .and(field("c").with_value(&true))
        .and(field("d").with_value(&0.5))
        .and(field("e").with_value(&"north"))
        .and(field("f").with_value(&u128::MAX))
        .and(field("g").with_value(&i128::MIN))
        .and(field("h").with_value(&tracing::field::debug(Order { id: 3 })))
        .and(field("i").with_value(&u64::MAX))
        .only();
    check_fields("all", fields, || {
        all(
            1,
            -2,
            true,
            0.5,
            "north",
            u128::MAX,
            i128::MIN,
            Order { id: 3 },
            u64::MAX,
        );
    });
}

#[test]
fn debug_and_display_are_what_the_attribute_says() {
    #[traced(args(?name, %id), fields(shop.open = true, total = %id + 1, kind = ?name))]
    fn said(name: &str, id: u8) {}
    let fields = field("name")
        .with_value(&tracing::field::debug("x"))
        .and(field("id").with_value(&tracing::field::display(7)))
        .and(field("shop.open").with_value(&true))
        .and(field("total").with_value(&tracing::field::display(8)))
        .and(field("kind").with_value(&tracing::field::debug("x")))
        .only();
    check_fields("said", fields, || said("x", 7));
}

#[test]
fn a_future_has_its_fields_when_it_is_first_polled() {
    #[traced(args(id))]
    async fn waits(id: u64) {
        Pending(1).await;
    }
    let span = expect::span().named("waits");
    let fields = field("id").with_value(&7_u64).only();
    let mut mock = subscriber::mock().new_span(span.clone().with_fields(fields));
    for _ in 0..2 {
        mock = mock.enter(span.clone()).exit(span.clone());
    }
    check(mock.drop_span(span).only(), || block_on(waits(7)));
}

#[test]
fn a_declared_field_is_recorded_later_and_any_other_is_not() {
    #[traced(fields(rows, late), args(id))]
    fn queries(id: u8) {
        record("rows", 3);
        record("undeclared", 4);
    }
    let lines = written(|| queries(1));
    assert_eq!(
        lines,
        " INFO queries{id=1}: subscriber::fields: new\n INFO queries{id=1 rows=3}: subscriber::fields: close\n"
    );
}

#[test]
fn what_is_returned_is_a_field_that_is_recorded_at_the_end() {
    #[traced(ret)]
    fn counts() -> u8 {
        3
    }
    #[traced(ret(Debug), args(id))]
    async fn finds(id: u8) -> Result<String, ()> {
        Pending(1).await;
        if id == 0 {
            Err(())
        } else {
            Ok("it".to_owned())
        }
    }
    let closed = |lines: &str| lines.lines().last().unwrap().to_owned();
    assert_eq!(
        closed(&written(|| assert_eq!(counts(), 3))),
        " INFO counts{return=3}: subscriber::fields: close"
    );
    assert_eq!(
        closed(&written(|| drop(block_on(finds(1))))),
        " INFO finds{id=1 return=\"it\"}: subscriber::fields: close"
    );
    assert_eq!(
        closed(&written(|| drop(block_on(finds(0))))),
        " INFO finds{id=0}: subscriber::fields: close"
    );
}

#[test]
fn more_fields_than_tracing_takes_at_once_are_all_there() {
    #[traced(fields(
        f00 = 0,
        f01 = 1,
        f02 = 2,
        f03 = 3,
        f04 = 4,
        f05 = 5,
        f06 = 6,
        f07 = 7,
        f08 = 8,
        f09 = 9,
        f10 = 10,
        f11 = 11,
        f12 = 12,
        f13 = 13,
        f14 = 14,
        f15 = 15,
        f16 = 16,
        f17 = 17,
        f18 = 18,
        f19 = 19,
        f20 = 20,
        f21 = 21,
        f22 = 22,
        f23 = 23,
        f24 = 24,
        f25 = 25,
        f26 = 26,
        f27 = 27,
        f28 = 28,
        f29 = 29,
        f30 = 30,
        f31 = 31,
        f32 = 32,
        f33 = 33
    ))]
    fn many() {}
    let lines = written(many);
    let closed = lines.lines().last().unwrap();
    for i in 0..34 {
        assert!(closed.contains(&format!("f{i:02}={i}")), "{closed}");
    }
}

#[test]
fn functions_that_are_called_in_a_field_have_fields_of_their_own() {
    #[traced(args(id), ret)]
    fn inner(id: u8) -> u8 {
        record("id", 9);
        id + 1
    }
    #[traced(fields(first = 1, id = inner(4), last = 3))]
    fn outer() {
        tracing::info!("inside");
    }
    let lines = written(outer);
    assert_eq!(
        lines,
        concat!(
            " INFO inner{id=4}: subscriber::fields: new\n",
            " INFO inner{id=4 id=9 return=5}: subscriber::fields: close\n",
            " INFO outer{first=1 id=5 last=3}: subscriber::fields: new\n",
            " INFO outer{first=1 id=5 last=3}: subscriber::fields: inside\n",
            " INFO outer{first=1 id=5 last=3}: subscriber::fields: close\n",
        )
    );
}

#[test]
fn a_field_that_unwinds_leaves_no_span_behind() {
    fn unwinds() -> u8 {
        let none: Option<u8> = std::hint::black_box(None);
        none.expect("nothing there")
    }
    #[traced(fields(a = 1, b = unwinds()))]
    fn broken() {}
    #[traced(fields(a = 2))]
    fn whole() {}
    let lines = written(|| {
        assert!(std::panic::catch_unwind(broken).is_err());
        whole();
    });
    assert_eq!(
        lines,
        " INFO whole{a=2}: subscriber::fields: new\n INFO whole{a=2}: subscriber::fields: close\n"
    );
}

/// The same functions, by either attribute.
mod twins {
    use super::*;

    pub(super) mod ours {
        use super::*;

        #[traced(target = "shop", fields(customer, total = %total, note = ?note), args(id))]
        pub(in super::super) fn order(id: u64, total: f64, note: Option<&str>, city: Cow<'_, str>) {
            record("customer", "acme");
            tracing::info!(%city, "ordered");
            charge(total);
        }

        #[traced(target = "shop", level = "debug", name = "charge!")]
        fn charge(total: f64) {
            tracing::warn!(total, "charged");
        }
    }

    pub(super) mod theirs {
        use super::*;

        #[tracing::instrument(skip_all, target = "shop", fields(id = id, customer = Empty, total = %total, note = ?note))]
        pub(in super::super) fn order(id: u64, total: f64, note: Option<&str>, city: Cow<'_, str>) {
            tracing::Span::current().record("customer", "acme");
            tracing::info!(%city, "ordered");
            charge(total);
        }

        #[tracing::instrument(skip_all, target = "shop", level = "debug", name = "charge!")]
        fn charge(total: f64) {
            tracing::warn!(total, "charged");
        }
    }
}

#[test]
fn fmt_writes_what_it_writes_of_the_attribute_of_tracing() {
    let ours = written(|| twins::ours::order(7, 2.5, None, "Rome".into()));
    let theirs = written(|| twins::theirs::order(7, 2.5, None, "Rome".into()));
    assert_eq!(ours.replace("ours", "theirs"), theirs);
    assert_eq!(ours.lines().count(), 6, "{ours}");
}

#[test]
fn json_has_the_same_fields_of_the_same_types() {
    use crate::witness::Text;

    let json = |run: fn()| {
        let text = Text::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .without_time()
            .with_writer(text.writer())
            .finish();
        tracing::subscriber::with_default(subscriber, run);
        text.take()
    };
    let ours = json(|| twins::ours::order(7, 2.5, Some("x"), "Rome".into()));
    let theirs = json(|| twins::theirs::order(7, 2.5, Some("x"), "Rome".into()));
    assert!(ours.contains("\"id\":7"), "{ours}");
    assert_eq!(ours.replace("ours", "theirs"), theirs);
}

#[test]
fn a_call_between_services_has_its_fields_recorded_or_not() {
    #[traced(server, rpc(system = "grpc", service = "S", method = "m"), args(id))]
    async fn handles(id: u8) {
        Pending(1).await;
        tracing::info!("inside");
    }
    #[traced(client, rpc(system = "grpc", service = "S", method = "m"), args(id))]
    fn calls(id: u8) {
        tracing::info!("inside");
    }
    let seen = || {
        written(|| {
            block_on(handles(7));
            calls(8);
        })
    };
    let unrecorded = seen();
    let events: Vec<_> = unrecorded
        .lines()
        .filter(|line| line.ends_with(": inside"))
        .collect();
    let expected = [
        " INFO handles{id=7}: subscriber::fields: inside",
        " INFO calls{id=8}: subscriber::fields: inside",
    ];
    assert_eq!(events, expected);
    let _capture = tracer_runtime::testing::capture();
    assert_eq!(seen(), unrecorded);
}
