//! Who sees a span: by level and target, by filters that change, by layer, by thread, before and after there was anybody.

use tracer_runtime::{testing, traced};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::with_default;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::witness::{Text, lines, written};

fn layer<S>(text: &Text) -> impl tracing_subscriber::Layer<S> + Send + Sync + 'static
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .with_span_events(FmtSpan::NEW)
        .with_writer(text.writer())
}

#[test]
fn levels_and_targets_decide() {
    #[traced(level = "debug")]
    fn detail() {}
    #[traced(target = "noisy")]
    fn noise() {}
    #[traced]
    fn usual() {
        detail();
        noise();
    }
    let text = Text::default();
    let filter = EnvFilter::new("info,noisy=off");
    with_default(Registry::default().with(filter).with(layer(&text)), usual);
    assert_eq!(text.take(), " INFO usual: new\n");
}

#[test]
fn a_filter_is_set_and_set_back_while_the_process_runs() {
    #[traced]
    fn reloaded() {}
    let text = Text::default();
    let (filter, handle) = reload::Layer::new(EnvFilter::new("off"));
    with_default(Registry::default().with(filter).with(layer(&text)), || {
        for (filter, seen) in
            [("off", ""), ("info", " INFO reloaded: new\n"), ("warn", "")].repeat(2)
        {
            handle.reload(EnvFilter::new(filter)).unwrap();
            // The first time it is not the first call of the callsite everywhere.
            for _ in 0..2 {
                reloaded();
                assert_eq!(text.take(), seen, "{filter}");
            }
        }
    });
}

#[test]
fn a_filter_goes_by_the_values_of_fields() {
    #[traced(args(id))]
    fn chosen(id: u8) {
        tracing::debug!("inside");
    }
    let text = Text::default();
    let filter = EnvFilter::new("info,[chosen{id=7}]=debug");
    with_default(Registry::default().with(filter).with(layer(&text)), || {
        chosen(6);
        chosen(7);
    });
    assert_eq!(
        text.take(),
        " INFO chosen{id=6}: new\n INFO chosen{id=7}: new\nDEBUG chosen{id=7}: inside\n"
    );
}

#[test]
fn each_layer_has_its_filter() {
    #[traced(level = "debug", args(id))]
    fn detail(id: u8) {}
    #[traced(args(id))]
    fn usual(id: u8) {
        detail(id);
    }
    let (all, some, none) = (Text::default(), Text::default(), Text::default());
    let subscriber = Registry::default()
        .with(layer(&all).with_filter(LevelFilter::TRACE))
        .with(layer(&some).with_filter(EnvFilter::new("info")))
        .with(layer(&none).with_filter(LevelFilter::OFF));
    with_default(subscriber, || {
        for _ in 0..2 {
            usual(1);
            assert_eq!(
                all.take(),
                " INFO usual{id=1}: new\nDEBUG usual{id=1}:detail{id=1}: new\n"
            );
            assert_eq!(some.take(), " INFO usual{id=1}: new\n");
            assert_eq!(none.take(), "");
        }
    });
}

#[test]
fn a_subscriber_sees_functions_that_were_called_before_it_came() {
    #[traced(args(id))]
    fn early(id: u8) {}
    #[traced]
    async fn early_future() {}
    early(1);
    crate::witness::block_on(early_future());
    let capture = testing::capture();
    early(2);
    crate::witness::block_on(early_future());
    assert_eq!(capture.tree(), "early [ok] {id=2}\nearly_future [ok]\n");
    drop(capture);
    let seen = written(|| {
        early(3);
        crate::witness::block_on(early_future());
    });
    assert_eq!(seen.matches(" new\n").count(), 2, "{seen}");
    // And again, once it is gone.
    early(4);
    assert_eq!(written(|| early(5)).matches("id=5").count(), 2);
}

#[test]
fn each_thread_has_its_subscriber() {
    #[traced]
    fn here() {}
    #[traced]
    fn first_called_where_nobody_looks() {}
    let mine = Text::default();
    with_default(lines(&mine), || {
        std::thread::scope(|s| {
            s.spawn(|| {
                first_called_where_nobody_looks();
                here();
                let theirs = Text::default();
                with_default(lines(&theirs), here);
                assert_eq!(theirs.take().matches(" new\n").count(), 1);
            });
        });
        assert_eq!(mine.take(), "");
        first_called_where_nobody_looks();
        here();
        assert_eq!(mine.take().matches(" new\n").count(), 2);
    });
}

#[test]
fn what_a_filter_leaves_of_our_own_is_of_no_concern_to_subscribers() {
    #[traced]
    fn unrecorded() {
        tracing::info!("inside");
    }
    // Nobody records here: no `init`, no capture.
    let seen = written(unrecorded);
    assert!(
        seen.contains("unrecorded: subscriber::filters: inside"),
        "{seen}"
    );
}

#[test]
fn a_layer_that_calls_annotated_functions_does_no_harm() {
    #[traced(args(id))]
    fn within_the_layer(id: u64) {}
    #[traced]
    fn outside() {}

    struct Calls;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Calls {
        fn on_new_span(
            &self,
            _: &tracing::span::Attributes<'_>,
            id: &tracing::Id,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            within_the_layer(id.into_u64());
        }

        fn on_close(&self, _: tracing::Id, _: tracing_subscriber::layer::Context<'_, S>) {
            outside_of_everything();
        }
    }
    #[traced(metrics_only)]
    fn outside_of_everything() {}

    with_default(Registry::default().with(Calls), || {
        outside();
        outside();
    });
}
