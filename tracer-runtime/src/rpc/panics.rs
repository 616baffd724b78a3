//! Where a call panicked. A hook sees it: afterwards nobody can tell any more.

use std::backtrace::Backtrace;
use std::fmt::{self, Write as _};
use std::panic::PanicHookInfo;
use std::sync::{Mutex, Once, PoisonError};

use super::current;

/// Bytes of a stack that are kept: some sixty frames.
const MAX_BYTES: usize = 8 * 1024;

/// The newest panic of a call.
#[derive(Debug, Default)]
pub(super) struct Panicked(Mutex<Option<Box<str>>>);

impl Panicked {
    pub(super) fn stack(&self) -> Option<String> {
        let stack = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stack.as_deref().map(str::to_owned)
    }

    fn set(&self, stack: Box<str>) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(stack);
    }
}

/// Notes from now on where calls panic; what else a panic does stays as it is.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            note(panic);
            before(panic);
        }));
    });
}

fn note(panic: &PanicHookInfo<'_>) {
    let Some(call) = current::get() else { return };
    let mut stack = Bounded(String::new());
    // An error says that there is no room for the rest.
    if let Some(place) = panic.location() {
        let _ = writeln!(stack, "{place}");
    }
    let _ = write!(stack, "{}", Backtrace::force_capture());
    call.0.late.seldom().panicked.set(stack.0.into());
}

/// Takes as much as there is room for.
struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = (MAX_BYTES - self.0.len()).min(text.len());
        let end = (0..=room).rev().find(|&end| text.is_char_boundary(end));
        let end = end.unwrap_or_default();
        self.0.push_str(&text[..end]);
        match end == text.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_cut_between_characters() {
        let mut stack = Bounded(String::new());
        let frame = "frame \u{20ac}\n";
        while stack.write_str(frame).is_ok() {}
        assert!(stack.0.len() <= MAX_BYTES && stack.0.len() > MAX_BYTES - frame.len());
        assert!(stack.write_str(frame).is_err(), "and stays full");
    }
}
