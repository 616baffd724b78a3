use super::*;

fn with(variables: &[(&str, &str)]) -> (Settings, Vec<Warning>) {
    read(|name| {
        let mut found = variables.iter().filter(|(variable, _)| *variable == name);
        found.next().map(|(_, value)| (*value).to_owned())
    })
}

/// The settings, where nothing is to be warned about.
fn ok(variables: &[(&str, &str)]) -> Settings {
    let (settings, warnings) = with(variables);
    assert_eq!(warnings, [], "{variables:?}");
    settings
}

/// The settings and the only warning.
fn warned(variable: &'static str, value: &str) -> (Settings, Warning) {
    let (settings, mut warnings) = with(&[(variable, value)]);
    assert_eq!(warnings.len(), 1, "{variable}={value}: {warnings:?}");
    let warning = warnings.remove(0);
    assert_eq!(warning.variable, variable);
    assert!(warning.expected.contains("expected"), "{warning}");
    (settings, warning)
}

#[test]
fn an_empty_environment_and_empty_variables_are_the_defaults() {
    let unset = ok(&[]);
    assert!(!unset.disabled);
    assert_eq!(unset.service_name, None);
    assert_eq!((unset.sampler, &unset.filter), (None, &None));
    assert_eq!(unset.limits, Limits::default());
    assert_eq!(
        unset.prometheus,
        PrometheusSetting {
            host: "localhost".into(),
            port: 9464
        }
    );
    let (empty, warnings) = read(|_| Some("  ".into()));
    assert_eq!((empty, warnings), (unset, vec![]));
}

#[test]
fn only_true_is_true() {
    for value in ["true", "TRUE", " True "] {
        assert!(ok(&[("OTEL_SDK_DISABLED", value)]).disabled, "{value}");
    }
    assert!(!ok(&[("OTEL_SDK_DISABLED", "False")]).disabled);
    for value in ["1", "yes", "on"] {
        let (settings, warning) = warned("OTEL_SDK_DISABLED", value);
        assert!(!settings.disabled);
        assert_eq!(warning.value, value);
    }
}

#[test]
fn old_durations_are_opted_in_by_one_word_of_a_list() {
    let opted_in = |list| ok(&[("OTEL_SEMCONV_STABILITY_OPT_IN", list)]).old_rpc_durations;
    assert!(opted_in("rpc/dup") && opted_in("http, rpc/dup ,database"));
    assert!(!opted_in("rpc") && !opted_in("rpc/dup/x") && !opted_in(""));
}

#[test]
fn exemplars_name_kept_traces_unless_they_are_off() {
    let filter = |value| ok(&[("OTEL_METRICS_EXEMPLAR_FILTER", value)]).exemplars;
    assert!(ok(&[]).exemplars && filter("trace_based"));
    assert!(!filter("always_off"));
    for value in ["always_on", "sometimes"] {
        let (settings, warning) = warned("OTEL_METRICS_EXEMPLAR_FILTER", value);
        assert!(settings.exemplars);
        assert!(
            warning.expected.contains("traces that are kept"),
            "{warning}"
        );
    }
}

#[test]
fn a_filter_with_a_wrong_directive_is_none() {
    let settings = ok(&[("TRACER_FILTER", "info,shop::db=off/metrics=off")]);
    let expected = Filter::parse("info,shop::db=off/metrics=off").unwrap();
    assert_eq!(settings.filter, Some(expected));
    let (settings, warning) = warned("TRACER_FILTER", "info,shop::db=loud");
    assert_eq!(settings.filter, None);
    assert_eq!(warning.value, "info,shop::db=loud");
    assert!(warning.expected.contains("\"shop::db=loud\""), "{warning}");
    assert!(
        warning.expected.contains("\"loud\" is no level"),
        "{warning}"
    );
}

#[test]
fn resource_attributes_are_decoded() {
    let settings = ok(&[
        ("OTEL_SERVICE_NAME", "shop"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other, zone=a%2Cb ,city=K%C3%B6ln,empty=,plus=a+b",
        ),
    ]);
    assert_eq!(settings.service_name.as_deref(), Some("shop"));
    let expected = [
        ("service.name", "other"),
        ("zone", "a,b"),
        ("city", "Köln"),
        ("empty", ""),
        ("plus", "a+b"),
    ];
    assert_eq!(
        settings.resource_attributes,
        expected.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
}

#[test]
fn resource_attributes_that_make_no_sense_are_ignored_as_a_whole() {
    for value in ["a=1,b", "a=1,=2", "a=%zz", "a=%f", "a=%ff"] {
        let (settings, warning) = warned("OTEL_RESOURCE_ATTRIBUTES", value);
        assert_eq!(settings.resource_attributes, []);
        assert_eq!(warning.value, value);
    }
}

#[test]
fn every_sampler_of_the_specification_has_its_name() {
    let sampler = |name, argument| {
        ok(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ])
        .sampler
    };
    let setting = |parent_based, ratio| {
        Some(SamplerSetting {
            parent_based,
            ratio,
        })
    };
    assert_eq!(sampler("always_on", ""), setting(false, 1.0));
    assert_eq!(sampler("always_off", ""), setting(false, 0.0));
    assert_eq!(sampler("traceidratio", "0.25"), setting(false, 0.25));
    assert_eq!(sampler("traceidratio", ""), setting(false, 1.0));
    assert_eq!(sampler("parentbased_always_on", ""), setting(true, 1.0));
    assert_eq!(sampler("parentbased_always_off", ""), setting(true, 0.0));
    assert_eq!(
        sampler("parentbased_traceidratio", "0.01"),
        setting(true, 0.01)
    );
}

#[test]
fn an_unknown_sampler_and_a_wrong_ratio_fall_back() {
    for name in ["jaeger_remote", "AlwaysOn", "parentbased_"] {
        let (settings, warning) = warned("OTEL_TRACES_SAMPLER", name);
        assert_eq!(settings.sampler, None);
        assert!(warning.to_string().starts_with("OTEL_TRACES_SAMPLER=\""));
    }
    for ratio in ["1.5", "-0.1", "NaN", "half"] {
        let (settings, warnings) = with(&[
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", ratio),
        ]);
        assert_eq!(settings.sampler.map(|s| s.ratio), Some(1.0));
        assert_eq!(warnings.len(), 1);
        assert_eq!(
            warnings[0].to_string(),
            format!("OTEL_TRACES_SAMPLER_ARG={ratio:?}: expected a number from 0 to 1; 1 is used")
        );
    }
}

#[test]
fn exporters_are_chosen_by_name() {
    let settings = ok(&[
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0"),
        ("OTEL_EXPORTER_PROMETHEUS_PORT", "0"),
    ]);
    assert_eq!(settings.traces_exporter, Some(ExporterSetting::Console));
    assert_eq!(settings.metrics_exporter, Some(ExporterSetting::Prometheus));
    assert_eq!(settings.prometheus.port, 0);
    assert_eq!(settings.prometheus.host, "0.0.0.0");
    let (settings, warning) = warned("OTEL_TRACES_EXPORTER", "zipkin");
    assert_eq!(settings.traces_exporter, None);
    assert!(warning.expected.contains("otlp, console, none"));
    let (settings, _) = warned("OTEL_EXPORTER_PROMETHEUS_PORT", "65536");
    assert_eq!(settings.prometheus.port, 9464);
}

#[test]
fn limits_of_spans_come_before_limits_of_all() {
    let limits = ok(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "20"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "30"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "0"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "5"),
    ])
    .limits;
    let expected = Limits {
        attributes: 20,
        events: 30,
        links: 0,
        event_attributes: 10,
        link_attributes: 5,
        value_length: Some(100),
    };
    assert_eq!(limits, expected);
    let both = ok(&[
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "7"),
    ]);
    assert_eq!(both.limits.value_length, Some(7));
    for value in ["-1", "many", "1.5"] {
        let (settings, _) = warned("OTEL_SPAN_EVENT_COUNT_LIMIT", value);
        assert_eq!(settings.limits.events, 128);
    }
}

#[cfg(feature = "otlp")]
mod otlp {
    use super::*;
    use crate::export::otlp::{BatchSettings, Compression, Exceptions, ReceiverSettings};
    use std::time::Duration;

    fn receivers(variables: &[(&str, &str)]) -> [ReceiverSettings; 2] {
        let otlp = ok(variables).otlp;
        [
            otlp.traces.expect("traces are exported"),
            otlp.metrics.expect("metrics are exported"),
        ]
    }

    #[test]
    fn a_variable_of_a_signal_comes_before_the_one_for_all() {
        let [traces, metrics] = receivers(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%3Db,x=y"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "m=1"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "0"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ]);
        assert_eq!(traces.endpoint.value, "http://traces:2");
        assert_eq!(
            traces.endpoint.setting,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
        );
        assert_eq!(metrics.endpoint.value, "http://all:1");
        assert_eq!(metrics.endpoint.setting, "OTEL_EXPORTER_OTLP_ENDPOINT");
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        assert_eq!(
            traces.headers.pairs,
            [pair("api-key", "a=b"), pair("x", "y")]
        );
        assert_eq!(metrics.headers.pairs, [pair("m", "1")]);
        assert_eq!(traces.timeout, Some(Duration::from_secs(3)));
        assert_eq!(metrics.timeout, None, "0 is for ever");
        assert_eq!(traces.compression, Compression::Gzip);
        assert_eq!(metrics.compression, Compression::None);
    }

    #[test]
    fn an_endpoint_without_a_scheme_is_secure_unless_it_says_otherwise() {
        let endpoint = |variables: &[(&str, &str)]| receivers(variables)[0].endpoint.value.clone();
        const HOST: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
        assert_eq!(endpoint(&[HOST]), "https://collector:4317");
        assert_eq!(
            endpoint(&[HOST, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]),
            "http://collector:4317"
        );
        assert_eq!(
            endpoint(&[
                HOST,
                ("OTEL_EXPORTER_OTLP_INSECURE", "true"),
                ("OTEL_EXPORTER_OTLP_TRACES_INSECURE", "false"),
            ]),
            "https://collector:4317"
        );
        assert_eq!(endpoint(&[]), "http://localhost:4317");
    }

    #[test]
    fn an_endpoint_that_is_no_url_falls_back() {
        for value in ["ftp://host:1", "http://", "http://a b", "://"] {
            let (settings, warnings) = with(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value)]);
            assert_eq!(warnings.len(), 1, "{value}: {warnings:?}");
            assert!(warnings[0].to_string().contains(value));
            let traces = settings.otlp.traces.expect("traces are exported");
            assert_eq!(traces.endpoint.value, "http://localhost:4317");
        }
    }

    #[test]
    fn http_and_tls_and_delta_are_not_there_and_say_so() {
        let (_, warnings) = with(&[
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ]);
        let text: Vec<String> = warnings.iter().map(Warning::to_string).collect();
        let about = |what: &str| text.iter().filter(|w| w.contains(what)).count();
        assert_eq!(about("expected grpc"), 1, "{text:?}");
        assert_eq!(about("TLS is not built in"), 1, "{text:?}");
        assert_eq!(about("expected cumulative"), 1, "{text:?}");
        assert_eq!(about("expected gzip or none"), 1, "said once: {text:?}");
        assert_eq!(warnings.len(), 4);
    }

    #[test]
    fn the_value_of_a_header_is_never_shown() {
        let (settings, warnings) = with(&[("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr%et,x=1")]);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(warnings[0].value, "api-key");
        let (other, more) = with(&[("OTEL_EXPORTER_OTLP_HEADERS", "s3cret")]);
        for shown in [
            format!("{warnings:?}{settings:?}"),
            format!("{more:?}{other:?}"),
        ] {
            assert!(!shown.contains("s3cr"), "{shown}");
        }
        let shown = format!("{:?}", ok(&[("OTEL_EXPORTER_OTLP_HEADERS", "a=s3cret")]));
        assert!(!shown.contains("s3cret"), "{shown}");
    }

    #[test]
    fn a_signal_that_goes_elsewhere_has_no_receiver() {
        let both = ok(&[]).otlp;
        assert!(both.traces.is_some() && both.metrics.is_some());
        let none = ok(&[
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ]);
        assert!(none.otlp.traces.is_some() && none.otlp.metrics.is_none());
        let console = ok(&[("OTEL_TRACES_EXPORTER", "console")]).otlp;
        assert!(console.traces.is_none() && console.metrics.is_some());
    }

    #[test]
    fn logs_have_a_receiver_of_their_own_and_exceptions_their_signal() {
        let settings = ok(&[
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs:4317"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ]);
        assert_eq!(settings.logs_exporter, Some(ExporterSetting::Otlp));
        let logs = settings.otlp.logs.expect("a receiver");
        assert_eq!(logs.endpoint.value, "http://logs:4317");
        assert_eq!(settings.otlp.log_delay, Duration::from_millis(50));
        assert_eq!(ok(&[]).logs_exporter, None);
        let exceptions = |value| {
            let variable = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";
            ok(&[(variable, value)]).otlp.exceptions
        };
        assert_eq!(exceptions("other"), Exceptions::SpanEvents);
        assert_eq!(exceptions("other, logs"), Exceptions::LogRecords);
        assert_eq!(exceptions("logs,logs/dup"), Exceptions::Both);
    }

    #[test]
    fn batches_and_pushes_have_their_variables() {
        let otlp = ok(&[
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "250"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "0"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "18446744073709551615"),
        ])
        .otlp;
        let expected = BatchSettings {
            max_spans: 100,
            max_queued: Some(1_000),
            delay: Duration::from_millis(250),
            timeout: None,
            ..BatchSettings::default()
        };
        assert_eq!(otlp.batches, expected);
        assert_eq!(otlp.metric_interval, Duration::from_secs(1));
        let timeout = otlp.metric_timeout.expect("a timeout");
        assert!(std::time::Instant::now().checked_add(timeout).is_some());
        let (settings, _) = warned("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0");
        assert_eq!(settings.otlp.batches.max_spans, 512);
        let (settings, _) = warned("OTEL_BSP_SCHEDULE_DELAY", "-5");
        assert_eq!(settings.otlp.batches.delay, Duration::from_secs(5));
    }
}

#[test]
fn propagators_are_taken_in_their_order_and_once() {
    use crate::propagation::Propagator::*;
    let of = |value| ok(&[("OTEL_PROPAGATORS", value)]).propagators;
    assert_eq!(of(" b3 ,tracecontext,, b3"), Some(vec![B3, TraceContext]));
    assert_eq!(
        of("b3multi,jaeger,baggage,kitex,kitex-otel,kitex-ttheader,kratos").map(|p| p.len()),
        Some(7)
    );
    assert_eq!(of("none"), Some(vec![]));
    assert_eq!(of(""), None);
}

#[test]
fn unknown_propagators_are_left_out_with_one_warning() {
    use crate::propagation::Propagator::*;
    let (settings, warning) = warned("OTEL_PROPAGATORS", "xray,tracecontext,ottrace");
    assert_eq!(settings.propagators, Some(vec![TraceContext]));
    assert!(
        warning.to_string().contains("xray, ottrace is left out"),
        "{warning}"
    );
    assert!(warning.expected.contains("b3multi"));
    // The default is used.
    assert_eq!(warned("OTEL_PROPAGATORS", "w3c").0.propagators, None);
}
