//! What finished spans have said that say little, in lists for all of a fragment: no memory of its own for each, which one
//! thread would allocate and another one free. It is spelled out once somebody reads the spans.

#[cfg(feature = "opentelemetry")]
use crate::integrations::opentelemetry::Short;
#[cfg(feature = "opentelemetry")]
use crate::record::Foreign;
use crate::record::SpanDetails;
use crate::value::KeyValue;

/// Places that stay for the next trace, in each list.
const MAX_SPARE: usize = 128;
/// Beyond this a span has said much.
const MAX_ATTRIBUTES: usize = 63;
/// Attributes of a fragment.
const MAX_ALL: usize = 1 << FIRST_BITS;

/// What a record refers to these by: this bit, then how many attributes, then where the first one is.
const IS_BRIEF: u32 = 1 << 31;
/// Instead of the number of attributes: the rest is a place in the list of another API's spans.
#[cfg(feature = "opentelemetry")]
const IS_FOREIGN: u32 = 1 << 30;
const FIRST_BITS: u32 = 24;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Brief {
    attributes: Vec<KeyValue>,
    #[cfg(feature = "opentelemetry")]
    foreign: Vec<Short>,
    /// Those spans' attributes.
    #[cfg(feature = "opentelemetry")]
    of_foreign: Vec<opentelemetry::KeyValue>,
}

/// Whether a record refers to what is here.
pub(super) const fn is_brief(details: u32) -> bool {
    details & IS_BRIEF != 0
}

impl Brief {
    pub(super) fn is_empty(&self) -> bool {
        #[cfg(feature = "opentelemetry")]
        if !self.foreign.is_empty() {
            return false;
        }
        self.attributes.is_empty()
    }

    /// Whether it has places, used or not.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        #[cfg(feature = "opentelemetry")]
        let foreign = self.foreign.capacity() | self.of_foreign.capacity();
        #[cfg(not(feature = "opentelemetry"))]
        let foreign = 0;
        self.attributes.capacity() | foreign != 0
    }

    /// Bytes of its places.
    pub(super) fn room(&self) -> usize {
        #[cfg(feature = "opentelemetry")]
        let foreign = self.foreign.capacity() * size_of::<Short>()
            + self.of_foreign.capacity() * size_of::<opentelemetry::KeyValue>();
        #[cfg(not(feature = "opentelemetry"))]
        let foreign = 0;
        self.attributes.capacity() * size_of::<KeyValue>() + foreign
    }

    /// Bytes that so many attributes more would take, what is behind them left out; `None` where they are too many.
    #[inline]
    pub(super) fn cost_of(&self, attributes: &[KeyValue]) -> Option<usize> {
        let all = self.attributes.len() + attributes.len();
        let fits = attributes.len() <= MAX_ATTRIBUTES && all <= MAX_ALL;
        fits.then(|| cost(&self.attributes, attributes.len()))
    }

    /// Moves the attributes of a span in.
    #[inline]
    pub(super) fn file(&mut self, attributes: &mut Vec<KeyValue>) -> u32 {
        let (first, number) = (self.attributes.len(), attributes.len());
        make_room(&mut self.attributes, number);
        self.attributes.append(attributes);
        IS_BRIEF | (number as u32) << FIRST_BITS | first as u32
    }

    /// Moves what another API has said of a span in, all but the box.
    #[cfg(feature = "opentelemetry")]
    #[inline]
    pub(super) fn file_foreign(&mut self, foreign: &mut Foreign) -> Option<u32> {
        let place = Short::file(foreign, &mut self.foreign, &mut self.of_foreign)?;
        Some(IS_BRIEF | IS_FOREIGN | place as u32)
    }

    /// Takes out what a record refers to.
    pub(super) fn spell_out(&mut self, details: u32) -> SpanDetails {
        #[cfg(feature = "opentelemetry")]
        if details & IS_FOREIGN != 0 {
            let place = (details & !(IS_BRIEF | IS_FOREIGN)) as usize;
            let short = self.foreign.get_mut(place);
            return short.map_or_else(SpanDetails::default, |short| {
                short.spell_out(&mut self.of_foreign)
            });
        }
        let first = (details & (MAX_ALL as u32 - 1)) as usize;
        let number = (details & !IS_BRIEF) as usize >> FIRST_BITS;
        let said = self.attributes.get_mut(first..first + number);
        SpanDetails {
            attributes: said.into_iter().flatten().map(take).collect(),
            ..SpanDetails::default()
        }
    }

    /// Forgets everything but the room for what a usual trace says.
    #[inline]
    pub(super) fn clear(&mut self) {
        if self.has_room() {
            self.forget();
        }
    }

    #[inline(never)]
    fn forget(&mut self) {
        forget(&mut self.attributes);
        #[cfg(feature = "opentelemetry")]
        {
            forget(&mut self.foreign);
            forget(&mut self.of_foreign);
        }
    }
}

fn take(attribute: &mut KeyValue) -> KeyValue {
    std::mem::replace(attribute, KeyValue::new("", false))
}

fn forget<T>(list: &mut Vec<T>) {
    list.clear();
    if list.capacity() > MAX_SPARE {
        *list = Vec::new();
    }
}

/// New places for so many items more: the list doubles.
#[inline]
fn places<T>(list: &Vec<T>, more: usize) -> usize {
    match list.capacity() - list.len() < more {
        true => list.capacity().max(more).max(4),
        false => 0,
    }
}

#[inline]
fn cost<T>(list: &Vec<T>, more: usize) -> usize {
    places(list, more) * size_of::<T>()
}

#[inline]
fn make_room<T>(list: &mut Vec<T>, more: usize) {
    let places = places(list, more);
    if places != 0 {
        list.reserve_exact(list.capacity() - list.len() + places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(number: usize) -> Vec<KeyValue> {
        let attribute = |i| KeyValue::new("i", i as i64);
        (0..number).map(attribute).collect()
    }

    #[test]
    fn each_record_finds_its_own_attributes() {
        let mut brief = Brief::default();
        let filed = [1, 0, 3, MAX_ATTRIBUTES].map(|number| (number, brief.file(&mut said(number))));
        for (number, details) in filed.into_iter().rev() {
            assert!(is_brief(details));
            assert_eq!(brief.spell_out(details).attributes, said(number));
        }
    }

    #[test]
    fn a_span_that_has_said_much_is_told_from_others() {
        let brief = Brief::default();
        assert!(brief.cost_of(&said(MAX_ATTRIBUTES)).is_some());
        assert!(brief.cost_of(&said(MAX_ATTRIBUTES + 1)).is_none());
    }

    #[test]
    fn the_places_are_as_many_as_were_announced() {
        let mut brief = Brief::default();
        for number in [1, 2, 5, 30, 1] {
            let before = brief.room();
            let announced = brief.cost_of(&said(number)).unwrap_or(0);
            brief.file(&mut said(number));
            assert_eq!(brief.room() - before, announced);
        }
    }

    #[test]
    fn the_room_of_a_usual_trace_stays_and_that_of_a_huge_one_does_not() {
        let mut brief = Brief::default();
        brief.file(&mut said(20));
        brief.clear();
        assert!(brief.is_empty() && brief.room() != 0);
        for _ in 0..MAX_SPARE {
            brief.file(&mut said(2));
        }
        brief.clear();
        assert_eq!(brief.room(), 0);
    }
}
