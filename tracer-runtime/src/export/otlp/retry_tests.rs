use super::*;

/// The details of a status that carries `RetryInfo`.
pub(in crate::export::otlp) fn retry_info(delay: Duration) -> Vec<u8> {
    let info = RetryInfo {
        retry_delay: Some(ProtoDuration {
            seconds: delay.as_secs() as i64,
            nanos: delay.subsec_nanos() as i32,
        }),
    };
    let status = RpcStatus {
        code: 14,
        message: "later".into(),
        details: vec![Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".into(),
            value: info.encode_to_vec(),
        }],
    };
    status.encode_to_vec()
}

const RETRY: Verdict = Verdict::Retry { not_before: None };

#[test]
fn exactly_the_codes_that_the_protocol_names_are_tried_again() {
    let again: Vec<Code> = (1..=16)
        .map(Code::from_i32)
        .filter(|&code| judge(code, &[]) == RETRY)
        .collect();
    assert_eq!(
        again,
        [
            Code::Cancelled,
            Code::DeadlineExceeded,
            Code::Aborted,
            Code::OutOfRange,
            Code::Unavailable,
            Code::DataLoss,
        ]
    );
}

#[test]
fn a_signal_that_is_not_served_is_told_apart() {
    assert_eq!(judge(Code::Unimplemented, &[]), Verdict::NotServed);
    let mut backoff = Backoff::new(RetryPolicy::DEFAULT);
    assert_eq!(backoff.delay(Duration::ZERO, Verdict::NotServed), None);
}

#[test]
fn resource_exhausted_is_tried_again_only_where_the_server_says_when() {
    assert_eq!(judge(Code::ResourceExhausted, &[]), Verdict::GiveUp);
    assert_eq!(
        judge(Code::ResourceExhausted, b"\xff garbage"),
        Verdict::GiveUp
    );
    let delay = Duration::from_millis(1_500);
    let not_before = Some(delay);
    assert_eq!(
        judge(Code::ResourceExhausted, &retry_info(delay)),
        Verdict::Retry { not_before }
    );
    assert_eq!(
        judge(Code::Unavailable, &retry_info(delay)),
        Verdict::Retry { not_before }
    );
    assert_eq!(
        judge(Code::InvalidArgument, &retry_info(delay)),
        Verdict::GiveUp
    );
}

#[test]
fn delays_double_up_to_the_longest_and_are_jittered() {
    let policy = RetryPolicy {
        initial: Duration::from_millis(100),
        max: Duration::from_millis(400),
        total: None,
        attempts: 6,
    };
    let mut backoff = Backoff::new(policy);
    for whole in [100, 200, 400, 400, 400] {
        let whole = Duration::from_millis(whole);
        let delay = backoff.delay(Duration::ZERO, RETRY).expect("attempts left");
        assert!(
            delay >= whole / 2 && delay <= whole,
            "{delay:?} of {whole:?}"
        );
    }
    assert_eq!(
        backoff.delay(Duration::ZERO, RETRY),
        None,
        "seventh attempt"
    );
}

#[test]
fn nothing_is_tried_again_when_the_time_is_up_or_the_server_asks_for_more_than_is_left() {
    let total = Some(Duration::from_secs(30));
    let mut backoff = Backoff::new(RetryPolicy {
        total,
        ..RetryPolicy::DEFAULT
    });
    assert_eq!(backoff.delay(Duration::from_secs(31), RETRY), None);
    let asked = |seconds| Verdict::Retry {
        not_before: Some(Duration::from_secs(seconds)),
    };
    assert_eq!(
        backoff.delay(Duration::from_secs(10), asked(20)),
        Some(Duration::from_secs(20))
    );
    assert_eq!(backoff.delay(Duration::from_secs(10), asked(21)), None);
    assert_eq!(backoff.delay(Duration::ZERO, Verdict::GiveUp), None);
}
