use super::*;
use crate::callsite::Callsite;
use crate::export::fixture::OwnedSpan;
use crate::record::CallOutcome;
use crate::sampling::Keep;
use crate::value::KeyValue;
use std::io::Write;
use std::sync::{Arc, Mutex};

static SITE: Callsite = Callsite::new("work", "work", "shop");

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Screen {
    /// What was printed since the last call.
    fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("nobody panics"));
        String::from_utf8(bytes).expect("text")
    }
}

fn console() -> (ConsoleExporter, Screen) {
    console_with(|console| console)
}

fn console_with(set: impl FnOnce(Console) -> Console) -> (ConsoleExporter, Screen) {
    let screen = Screen::default();
    let console = set(Console::to(screen.clone()));
    (
        ConsoleExporter::with_scale(console, &Scale::NANOSECONDS),
        screen,
    )
}

fn give(console: &mut ConsoleExporter, spans: &[OwnedSpan]) {
    console.export(&mut spans.iter().map(OwnedSpan::view));
}

fn later(duration: Duration) -> Instant {
    Instant::now() + duration
}

#[test]
fn the_parts_of_a_trace_are_one_tree() {
    let (mut console, screen) = console();
    let span = |id| OwnedSpan::new(&SITE, id);
    give(&mut console, &[span(3).under(2).during(20, 5)]);
    give(&mut console, &[span(9).of_trace(2)]);
    console.tick(later(AFTER_ROOT));
    let first = screen.take();
    assert!(first.starts_with("trace 00000000000000000000000000000002  "));
    assert_eq!(first.lines().count(), 3);

    give(
        &mut console,
        &[span(2).under(1).during(10, 50), span(1).during(0, 100)],
    );
    console.tick(Instant::now());
    assert_eq!(screen.take(), "", "more may follow");
    console.tick(later(AFTER_ROOT));
    let second = screen.take();
    assert!(second.contains("1  100 ns  3 spans\nwork"), "{second}");
    assert!(second.contains("\n└─ work"), "{second}");
    assert!(second.contains("\n   └─ work"), "{second}");
    console.tick(later(WITHOUT_ROOT));
    assert_eq!(screen.take(), "", "once");
    assert_eq!((console.spans, console.bytes), (0, 0));
}

#[test]
fn a_part_whose_root_is_elsewhere_is_shown_after_a_while() {
    let (mut console, screen) = console();
    let mut handler = OwnedSpan::new(&SITE, 2).under(1);
    handler.parent_is_remote = true;
    give(&mut console, &[handler]);
    console.tick(later(AFTER_ROOT));
    assert_eq!(screen.take(), "");
    console.tick(later(WITHOUT_ROOT));
    assert!(
        screen
            .take()
            .contains("called by span 0000000000000001, in another service\n")
    );
}

#[test]
fn a_flush_shows_everything_in_the_order_in_which_it_began() {
    let (mut console, screen) = console();
    for (trace, start) in [(1, 30), (2, 10), (3, 20)] {
        let span = OwnedSpan::new(&SITE, trace);
        give(&mut console, &[span.of_trace(trace).during(start, 1)]);
    }
    let deadline = later(Duration::ZERO);
    assert_eq!(console.flush(deadline), Ok(()));
    let text = screen.take();
    let traces: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("trace "))
        .map(|line| &line[37..38])
        .collect();
    assert_eq!(traces, ["2", "3", "1"]);
    assert_eq!(console.shutdown(deadline), Ok(()));
    assert_eq!(screen.take(), "");
}

#[test]
fn what_nobody_could_read_is_counted_and_not_held() {
    let (mut console, screen) = console();
    for trace in 1..=(MAX_SPANS as u64 + 5) {
        give(&mut console, &[OwnedSpan::new(&SITE, 1).of_trace(trace)]);
    }
    assert_eq!(console.spans, MAX_SPANS);
    console.tick(later(AFTER_ROOT));
    let text = screen.take();
    assert!(text.ends_with("5 more traces or parts of one were not shown\n\n"));
    assert_eq!((console.spans, console.bytes), (0, 0));

    let long = "x".repeat(1024 * 1024);
    for trace in 1..=10 {
        let span = OwnedSpan::new(&SITE, 1).of_trace(trace);
        give(
            &mut console,
            &[span.with(KeyValue::new("a", long.as_str()))],
        );
    }
    assert!(console.bytes < MAX_BYTES + 2 * long.len());
    console.tick(later(AFTER_ROOT));
    assert!(
        screen
            .take()
            .ends_with("6 more traces or parts of one were not shown\n\n")
    );
}

#[test]
fn what_comes_after_its_trace_was_shown_continues_it() {
    let (mut console, screen) = console();
    give(&mut console, &[OwnedSpan::new(&SITE, 1)]);
    console.tick(later(AFTER_ROOT));
    assert!(!screen.take().contains("continued"));
    give(&mut console, &[OwnedSpan::new(&SITE, 2).under(1)]);
    console.tick(later(AFTER_ROOT));
    let text = screen.take();
    assert!(text.contains("  continued: other parts"), "{text}");
    assert!(
        text.contains("called by span 0000000000000001, of a part"),
        "{text}"
    );
}

#[test]
fn a_trace_that_never_rests_is_shown_all_the_same() {
    let (mut console, screen) = console();
    give(&mut console, &[OwnedSpan::new(&SITE, 1)]);
    for held in console.held.values_mut() {
        held.newest += AT_ALL;
    }
    console.tick(later(AT_ALL));
    assert_ne!(screen.take(), "");
}

#[test]
fn only_the_wanted_are_shown_and_no_more_than_wanted() {
    let failures = Keep::errors().or_slower_than(Duration::from_nanos(50));
    let (mut console, screen) = console_with(|console| console.only(failures).at_most(2));
    let span = |trace| OwnedSpan::new(&SITE, 1).of_trace(trace).during(trace, 50);
    let traces = [
        span(1),
        span(2).ended(CallOutcome::Panic),
        span(3).ended(CallOutcome::Cancelled),
        span(4).during(4, 51),
        span(5).ended(CallOutcome::Error),
    ];
    console.not_shown = 7;
    for trace in &traces {
        give(&mut console, std::slice::from_ref(trace));
    }
    console.tick(later(AFTER_ROOT));
    let text = screen.take();
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("trace "))
            .count(),
        2
    );
    assert!(
        text.contains("[panic]") && text.contains("  51 ns"),
        "{text}"
    );
    give(&mut console, &traces[1..2]);
    assert_eq!(
        (console.held.len(), console.spans, console.bytes),
        (0, 0, 0)
    );
}
