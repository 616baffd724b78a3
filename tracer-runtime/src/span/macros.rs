//! `span!`, `event!` and `checkpoint!`.

/// Describes a span of its own; it starts with `.enter()` or around a future with `.in_span(..)`.
///
/// ```
/// let _span = tracer_runtime::span!("load", shard = 3).enter();
/// ```
#[macro_export]
macro_rules! span {
    ($name:expr $(, $key:ident $(. $more:ident)* = $value:expr)* $(,)?) => {{
        static SITE: $crate::__private::Callsite =
            $crate::__private::Callsite::new($name, $name, $crate::__private::core::module_path!()).without_metrics().with_fields(&[
                $($crate::__private::core::concat!($crate::__private::core::stringify!($key) $(, ".", $crate::__private::core::stringify!($more))*)),*
            ]);
        $crate::__private::Span::new(&SITE, || $crate::__private::Vec::from([
            $($crate::__private::KeyValue::new(
                $crate::__private::core::concat!($crate::__private::core::stringify!($key) $(, ".", $crate::__private::core::stringify!($more))*),
                $value,
            )),*
        ]))
    }};
}

/// Records that something happened at this moment in the current span.
///
/// ```
/// tracer_runtime::event!("reserved", warehouse = "north");
/// ```
#[macro_export]
macro_rules! event {
    ($name:expr $(, $key:ident $(. $more:ident)* = $value:expr)* $(,)?) => {
        if $crate::__private::recording() {
            $crate::__private::add_event($crate::__private::EventKind::Event, $crate::__private::core::module_path!(), $name, $crate::__private::Vec::from([
                $($crate::__private::KeyValue::new(
                    $crate::__private::core::concat!($crate::__private::core::stringify!($key) $(, ".", $crate::__private::core::stringify!($more))*),
                    $value,
                )),*
            ]));
        }
    };
}

/// Records that the current span has come this far.
///
/// ```
/// tracer_runtime::checkpoint!("parsed");
/// ```
#[macro_export]
macro_rules! checkpoint {
    ($label:expr $(,)?) => {
        if $crate::__private::recording() {
            $crate::__private::add_event(
                $crate::__private::EventKind::Checkpoint,
                $crate::__private::core::module_path!(),
                $label,
                $crate::__private::Vec::new(),
            );
        }
    };
}
