//! The values that a span of a subscriber's begins with.
//!
//! They are known only after our own span has begun: the expressions run inside of it. So the subscriber's span waits on
//! this thread for the block in which they are recorded, and begins at its end. Blocks nest where an expression calls
//! another annotated function.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing_core::field::{self, DisplayValue, Field, FieldSet, ValueSet};
use tracing_core::{dispatcher, span};

use super::opened::Span;
use crate::callsite::Callsite;
use crate::span::capture::Form;
use crate::value::Value;

/// As many as the macros of `tracing` allow; the others are recorded right after.
const AT_ONCE: usize = 32;

/// A span has waited for its fields at some time, so that there may be blocks.
static HAS_WAITED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Of a call whose fields are recorded now or soon.
struct Block {
    site: &'static Callsite,
    /// `None` where no subscriber wants it.
    span: Option<Arc<Span>>,
    values: Values,
    /// It has been entered.
    runs: bool,
    /// Our own span records them too.
    ours: bool,
}

/// By the number of the field, in the order in which they were recorded.
pub(super) struct Values(Vec<(usize, FieldValue)>);

enum FieldValue {
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F64(f64),
    Str(String),
    Text(DisplayValue<String>),
}

impl FieldValue {
    fn new(value: &Value, form: Form) -> Self {
        match (value, form) {
            (Value::Bool(x), _) => Self::Bool(*x),
            (Value::F64(x), _) => Self::F64(*x),
            (Value::I64(x), Form::Unsigned) => Self::U64(*x as u64),
            (Value::I64(x), Form::U128) => Self::U128(*x as u128),
            (Value::I64(x), Form::I128) => Self::I128((*x).into()),
            (Value::I64(x), _) => Self::I64(*x),
            (Value::Str(text), form) => Self::of_text(text, form),
            (Value::Array(_), _) => Self::Text(field::display(value.to_string())),
        }
    }

    /// Integers that do not fit are texts.
    fn of_text(text: &str, form: Form) -> Self {
        let number = match form {
            Form::Unsigned => text.parse().ok().map(Self::U64),
            Form::U128 => text.parse().ok().map(Self::U128),
            Form::I128 => text.parse().ok().map(Self::I128),
            Form::Text => Some(Self::Text(field::display(text.to_owned()))),
            Form::Plain => None,
        };
        number.unwrap_or_else(|| Self::Str(text.to_owned()))
    }

    fn as_value(&self) -> &dyn field::Value {
        match self {
            Self::Bool(x) => x,
            Self::I64(x) => x,
            Self::U64(x) => x,
            Self::I128(x) => x,
            Self::U128(x) => x,
            Self::F64(x) => x,
            Self::Str(x) => x,
            Self::Text(x) => x,
        }
    }
}

impl Values {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last value of a field counts.
    fn set(&mut self, index: usize, value: FieldValue) {
        match self.0.iter_mut().find(|(known, _)| *known == index) {
            Some(known) => known.1 = value,
            None => self.0.push((index, value)),
        }
    }

    /// The value of this field comes first.
    pub(super) fn put_first(&mut self, index: usize, text: &str) {
        self.0.insert(0, (index, FieldValue::Str(text.to_owned())));
    }

    /// Those that a span begins with.
    pub(super) fn with_first<R>(
        &self,
        fields: &FieldSet,
        with: impl FnOnce(&ValueSet<'_>) -> R,
    ) -> R {
        with_values(fields, self.0.get(..AT_ONCE).unwrap_or(&self.0), with)
    }

    /// The others, in portions.
    pub(super) fn with_rest(&self, fields: &FieldSet, mut with: impl FnMut(&ValueSet<'_>)) {
        for some in self.0.get(AT_ONCE..).unwrap_or_default().chunks(AT_ONCE) {
            with_values(fields, some, &mut with);
        }
    }
}

fn with_values<R>(
    fields: &FieldSet,
    values: &[(usize, FieldValue)],
    with: impl FnOnce(&ValueSet<'_>) -> R,
) -> R {
    let known: Vec<Field> = fields.iter().collect();
    let Some(first) = known.first() else {
        return with(&fields.value_set(&[]));
    };
    let mut all: [(&Field, Option<&dyn field::Value>); AT_ONCE] = [(first, None); AT_ONCE];
    for (place, (index, value)) in all.iter_mut().zip(values) {
        if let Some(field) = known.get(*index) {
            *place = (field, Some(value.as_value()));
        }
    }
    with(&fields.value_set(&all))
}

/// Whether [`before`], [`after`] and [`put`] have to be called at all.
#[inline(always)]
pub(crate) fn waits() -> bool {
    HAS_WAITED.load(Relaxed)
}

/// Lets a span wait for its fields. False where the thread is about to end.
pub(super) fn wait(span: &Arc<Span>) -> bool {
    HAS_WAITED.store(true, Relaxed);
    push(Block {
        site: span.site,
        span: Some(Arc::clone(span)),
        values: Values::new(),
        runs: false,
        ours: false,
    })
}

fn push(block: Block) -> bool {
    let push = |blocks: &RefCell<Vec<Block>>| blocks.borrow_mut().push(block);
    BLOCKS.try_with(push).is_ok()
}

fn with_blocks<R>(then: impl FnOnce(&mut Vec<Block>) -> Option<R>) -> Option<R> {
    let then = |blocks: &RefCell<Vec<Block>>| match blocks.borrow_mut() {
        blocks if blocks.is_empty() => None,
        mut blocks => then(&mut blocks),
    };
    BLOCKS.try_with(then).ok().flatten()
}

/// Before the fields of a call are recorded: whether anybody wants them, and not only our own span.
#[cold]
#[inline(never)]
pub(crate) fn before(site: &'static Callsite, ours: bool) -> bool {
    let known = with_blocks(|blocks| {
        let top = blocks.last_mut()?;
        if std::ptr::eq(top.site, site) && !top.runs {
            (top.runs, top.ours) = (true, ours);
            return Some(true);
        }
        // In an expression of another one's.
        if ours {
            let (span, values) = (None, Values::new());
            blocks.push(Block {
                site,
                span,
                values,
                runs: true,
                ours,
            });
        }
        Some(false)
    });
    known == Some(true)
}

/// After the fields of a call have been recorded: its span begins.
#[cold]
#[inline(never)]
pub(crate) fn after(site: &'static Callsite) {
    let taken = with_blocks(|blocks| {
        let last = blocks
            .iter()
            .rposition(|block| block.runs && std::ptr::eq(block.site, site))?;
        Some(blocks.split_off(last))
    });
    begin(taken);
}

/// The first of the blocks is left; those above it were left by unwinding.
fn begin(taken: Option<Vec<Block>>) {
    if let Some(block) = taken.and_then(|taken| taken.into_iter().next())
        && let Some(span) = block.span
    {
        span.begin(block.values);
    }
}

fn take(span: &Arc<Span>) -> Option<Vec<Block>> {
    with_blocks(|blocks| {
        let is_it = |block: &Block| block.span.as_ref().is_some_and(|it| Arc::ptr_eq(it, span));
        let place = blocks.iter().rposition(is_it)?;
        Some(blocks.split_off(place))
    })
}

/// The call of a span that waits goes on later. In the midst of its fields it begins now, with what is known.
pub(super) fn pause(span: &Arc<Span>) {
    let taken = take(span);
    let runs = |taken: &Vec<Block>| taken.first().is_some_and(|block| block.runs);
    begin(taken.filter(runs));
}

/// A span that waits never begins.
pub(super) fn forget(span: &Arc<Span>) {
    drop(take(span));
}

/// Takes note of a value of the block that runs. Whether our own span records it too.
#[cold]
#[inline(never)]
pub(crate) fn put(key: &'static str, value: &Value, form: Form) -> bool {
    let known = with_blocks(|blocks| {
        let block = blocks.last_mut().filter(|block| block.runs)?;
        if block.span.is_some()
            && let Some(index) = block.site.fields.iter().position(|field| *field == key)
        {
            block.values.set(index, FieldValue::new(value, form));
        }
        Some(block.ours)
    });
    known.unwrap_or(true)
}

/// Records a value on the span that is current in the subscriber, if it has declared such a field.
#[cold]
#[inline(never)]
pub(crate) fn record(key: &'static str, value: &Value, form: Form) {
    dispatcher::get_default(|current| {
        if let Some((id, metadata)) = current.current_span().into_inner()
            && let Some(field) = metadata.fields().field(key)
        {
            let value = FieldValue::new(value, form);
            let values = [(&field, Some(value.as_value()))];
            current.record(
                &id,
                &span::Record::new(&metadata.fields().value_set(&values)),
            );
        }
    });
}
