//! The command line.

use std::time::Duration;

/// Whose call trees are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Of orders that failed or were slow.
    Failures,
    /// Of one order with an error and a cancelled call.
    One,
}

/// What to do.
#[derive(Debug)]
pub(crate) struct Options {
    /// `None` until Ctrl-C.
    pub(crate) requests: Option<u64>,
    pub(crate) concurrency: u64,
    /// Of each customer after each order.
    pub(crate) pause: Duration,
    pub(crate) show: Show,
    /// Keep serving `/metrics` after the last request, until standard input ends.
    pub(crate) hold: bool,
    pub(crate) report: Option<String>,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let gentle = Duration::from_millis(200);
        let mut pause = None;
        let mut options = Self {
            requests: None,
            concurrency: 2,
            pause: gentle,
            show: Show::Failures,
            hold: false,
            report: None,
        };
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            let number = |text: String| {
                text.parse::<u64>()
                    .map_err(|_| format!("{arg} needs a number, not {text:?}"))
            };
            match arg.as_str() {
                "--once" => options.requests = Some(100),
                "--requests" => options.requests = Some(number(value()?)?),
                "--pause" => pause = Some(Duration::from_millis(number(value()?)?)),
                "--concurrency" => options.concurrency = number(value()?)?.max(1),
                "--hold" => options.hold = true,
                "--report" => options.report = Some(value()?),
                _ => {
                    return Err(format!(
                        "unknown argument {arg:?}; there are --once, --requests N, --concurrency C, --pause MS, --hold, --report FILE"
                    ));
                }
            }
        }
        if options.requests.is_some() {
            options.show = Show::One;
            options.pause = Duration::ZERO;
        }
        options.pause = pause.unwrap_or(options.pause);
        Ok(options)
    }
}
