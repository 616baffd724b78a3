//! What the console shows, and where.

use std::collections::VecDeque;
use std::fmt;
use std::io::{IsTerminal, Write, stderr, stdout};

use crate::calltree::text::Paint;
use crate::sampling::Keep;

/// Call trees for people: where they go, and which.
///
/// Standard error and standard output are coloured on a terminal, unless `NO_COLOR` is set.
///
/// ```
/// # fn main() -> Result<(), tracer_runtime::InitError> {
/// use tracer_runtime::{Console, Keep};
///
/// let failures = Console::stdout().only(Keep::errors().or_cancelled());
/// let telemetry = tracer_runtime::builder().with_console_to(failures).init()?;
/// # drop(telemetry);
/// # Ok(())
/// # }
/// ```
#[must_use = "pass it to `with_console_to`"]
pub struct Console {
    pub(super) out: Box<dyn Write + Send>,
    pub(super) paint: Paint,
    pub(super) only: Option<Keep>,
    pub(super) at_most: u64,
}

impl Console {
    /// On standard error, as [`with_console`](crate::Builder::with_console) does.
    pub fn stderr() -> Self {
        Self::painting(stderr(), stderr().is_terminal())
    }

    /// On standard output.
    pub fn stdout() -> Self {
        Self::painting(stdout(), stdout().is_terminal())
    }

    /// Anywhere, without colours. Called on a thread of ours, which may wait in it; the application does not.
    pub fn to(out: impl Write + Send + 'static) -> Self {
        Self::painting(out, false)
    }

    /// Shows only traces with a call that these rules would keep. What is recorded and exported stays the same.
    pub fn only(mut self, rules: Keep) -> Self {
        self.only = Some(rules);
        self
    }

    /// Shows the first `n` traces, and no more.
    pub fn at_most(mut self, n: u64) -> Self {
        self.at_most = n;
        self
    }

    fn painting(out: impl Write + Send + 'static, is_terminal: bool) -> Self {
        // <https://no-color.org>: set and not empty.
        let colourless = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let paint = if is_terminal && !colourless {
            Paint::On
        } else {
            Paint::Off
        };
        Self {
            out: Box::new(out),
            paint,
            only: None,
            at_most: u64::MAX,
        }
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("paint", &self.paint)
            .field("only", &self.only)
            .field("at_most", &self.at_most)
            .finish_non_exhaustive()
    }
}

/// The newest of many, to be recognised.
#[derive(Debug, Default)]
pub(super) struct Recent<T>(VecDeque<T>);

impl<T: PartialEq> Recent<T> {
    const LENGTH: usize = 256;

    pub(super) fn add(&mut self, one: T) {
        if self.0.len() == Self::LENGTH {
            self.0.pop_front();
        }
        self.0.push_back(one);
    }

    pub(super) fn has(&self, one: &T) -> bool {
        self.0.contains(one)
    }
}
