//! What travels beside the trace: small facts that every service below may read.

use std::fmt;
use std::sync::Arc;

/// Members that a set may have, <https://www.w3.org/TR/baggage/#limits>.
pub(crate) const MAX_MEMBERS: usize = 180;
/// Bytes of all keys, values and properties.
pub(crate) const MAX_BYTES: usize = 8192;

/// Key-value pairs that travel with a trace, to every service below. Immutable: what changes it makes another one.
///
/// What is not said here is that baggage is no secret: every service that is called sees it.
///
/// At most 180 members and 8192 bytes (<https://www.w3.org/TR/baggage/#limits>); a member beyond these is left out.
/// Cloning it counts a reference.
///
/// ```
/// use tracer_runtime::Baggage;
///
/// let baggage = Baggage::new().with("tenant", "acme").with("user", "7");
/// assert_eq!(baggage.get("tenant"), Some("acme"));
/// assert_eq!(baggage.without("tenant").len(), 1);
/// ```
#[derive(Clone, Default)]
pub struct Baggage(Option<Arc<Set>>);

#[derive(Debug, Default)]
struct Set {
    /// Key, value and properties of each member, one after the other.
    text: String,
    members: Vec<Place>,
    /// The W3C header that it was read from, passed on as it came while nobody changes anything.
    header: Option<Box<str>>,
}

/// Where a member's parts end.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u16,
    key: u16,
    value: u16,
    properties: u16,
    reach: Reach,
}

/// How far a member travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// To every service below.
    All,
    /// To the services that are called from here, and no further; only where the format knows such members.
    NextHop,
    /// It has arrived and goes no further.
    Arrived,
}

/// One pair of a [`Baggage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Member<'a> {
    /// Its name; case matters.
    pub key: &'a str,
    /// Its value, decoded.
    pub value: &'a str,
    /// What W3C baggage says of it behind a semicolon, as it came: `key`, or `key=value`, with `;` between several.
    pub properties: &'a str,
    /// How far it travels.
    pub reach: Reach,
}

impl Baggage {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.member(key).map(|member| member.value)
    }

    /// What is known of a key.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<Member<'_>> {
        self.iter().find(|member| member.key == key)
    }

    /// All members, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        let set = self.0.as_deref();
        set.into_iter().flat_map(|set| {
            set.members.iter().map(|place| Member {
                key: &set.text[usize::from(place.start)..usize::from(place.key)],
                value: &set.text[usize::from(place.key)..usize::from(place.value)],
                properties: &set.text[usize::from(place.value)..usize::from(place.properties)],
                reach: place.reach,
            })
        })
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |set| set.members.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These and one more, in place of an earlier one of its key.
    #[must_use]
    pub fn with(&self, key: &str, value: &str) -> Self {
        self.with_member(key, value, "", Reach::All)
    }

    /// [`Self::with`] for a member that goes to the next service and no further: Kitex's transient values
    /// (`RPC_TRANSIT_*`) and Kratos' `x-md-local-*`. Other formats leave it out.
    #[must_use]
    pub fn with_next_hop(&self, key: &str, value: &str) -> Self {
        self.with_member(key, value, "", Reach::NextHop)
    }

    /// [`Self::with`] for a member with W3C properties, as <https://www.w3.org/TR/baggage/#property> writes them.
    #[must_use]
    pub fn with_properties(&self, key: &str, value: &str, properties: &str) -> Self {
        self.with_member(key, value, properties, Reach::All)
    }

    /// These but one.
    #[must_use]
    pub fn without(&self, key: &str) -> Self {
        let mut collected = Collector::default();
        for member in self.iter().filter(|member| member.key != key) {
            collected.add(member);
        }
        collected.finish()
    }

    fn with_member(&self, key: &str, value: &str, properties: &str, reach: Reach) -> Self {
        let new = Member {
            key,
            value,
            properties,
            reach,
        };
        let mut collected = Collector::default();
        let mut replaced = false;
        for member in self.iter() {
            let same = member.key == key;
            replaced |= same;
            collected.add(if same { new } else { member });
        }
        if !replaced {
            collected.add(new);
        }
        collected.finish()
    }

    /// The header that it was read from, where nothing has changed since.
    pub(crate) fn header(&self) -> Option<&str> {
        self.0.as_ref()?.header.as_deref()
    }
}

impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Baggage {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<Set>, &Arc<Set>)| Arc::ptr_eq(a, b);
        self.0.as_ref().zip(other.0.as_ref()).is_some_and(same) || self.iter().eq(other.iter())
    }
}

impl Eq for Baggage {}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Baggage {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut collected = Collector::default();
        for (key, value) in pairs {
            collected.add(Member {
                key: key.as_ref(),
                value: value.as_ref(),
                properties: "",
                reach: Reach::All,
            });
        }
        collected.finish()
    }
}

/// Becomes a [`Baggage`]; the first member of a key stays.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    set: Set,
    /// Where many members are: their numbers from 1 by the hashes of their keys, 0 for none. More places than members.
    by_hash: Option<Box<[u8; 256]>>,
}

/// Up to here a look at each is as fast.
const FEW: usize = 8;

impl Collector {
    /// False where there is no room for it, or for more of its key.
    pub(crate) fn add(&mut self, member: Member<'_>) -> bool {
        let Member {
            key,
            value,
            properties,
            reach,
        } = member;
        let bytes = key.len() + value.len() + properties.len();
        let fits = self.set.members.len() < MAX_MEMBERS && self.set.text.len() + bytes <= MAX_BYTES;
        if key.is_empty() || !fits || self.knows(key) {
            return false;
        }
        let set = &mut self.set;
        let mut put = |text: &str| {
            set.text.push_str(text);
            set.text.len() as u16
        };
        let (start, key, value, properties) = (put(""), put(key), put(value), put(properties));
        set.members.push(Place {
            start,
            key,
            value,
            properties,
            reach,
        });
        set.header = None;
        self.index_last();
        true
    }

    fn key(&self, place: &Place) -> &[u8] {
        &self.set.text.as_bytes()[usize::from(place.start)..usize::from(place.key)]
    }

    pub(crate) fn knows(&self, key: &str) -> bool {
        let is = |place: &Place| self.key(place) == key.as_bytes();
        let Some(by_hash) = &self.by_hash else {
            return self.set.members.iter().any(is);
        };
        let members = &self.set.members;
        places(key.as_bytes())
            .map(|place| by_hash[place])
            .take_while(|number| *number != 0)
            .any(|number| is(&members[usize::from(number) - 1]))
    }

    /// Notes where the newest member is; all of them, when there are many for the first time.
    fn index_last(&mut self) {
        let many = self.set.members.len();
        if many <= FEW {
            return;
        }
        let first = if self.by_hash.is_none() { 0 } else { many - 1 };
        let mut by_hash = self.by_hash.take().unwrap_or_else(|| Box::new([0; 256]));
        for (index, place) in self.set.members.iter().enumerate().skip(first) {
            let free = places(self.key(place)).find(|place| by_hash[*place] == 0);
            if let Some(free) = free {
                by_hash[free] = index as u8 + 1;
            }
        }
        self.by_hash = Some(by_hash);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.set.members.is_empty()
    }

    /// All that is in it is what this header says.
    pub(crate) fn set_header(&mut self, header: &str) {
        self.set.header = Some(header.into());
    }

    pub(crate) fn finish(self) -> Baggage {
        Baggage((!self.is_empty()).then(|| Arc::new(self.set)))
    }
}

/// Where a key may be in the table, one after the other.
fn places(key: &[u8]) -> impl Iterator<Item = usize> {
    // FNV-1a: keys are short, and whoever sends many that collide can send 180.
    let hash = key.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let first = (hash >> 56) as usize;
    (0..256).map(move |step| (first + step) % 256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_leaves_the_one_before_as_it_was() {
        let before = Baggage::new().with("a", "1").with("b", "2");
        let after = before
            .with("a", "3")
            .without("b")
            .with_properties("c", "4", "ttl=7");
        let pairs = |baggage: &Baggage| {
            let pairs = baggage
                .iter()
                .map(|m| format!("{}={};{}", m.key, m.value, m.properties));
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(pairs(&before), "a=1; b=2;");
        assert_eq!(pairs(&after), "a=3; c=4;ttl=7");
        assert_eq!(before, [("a", "1"), ("b", "2")].into_iter().collect());
        assert_eq!(Baggage::new().with("a", "1").without("a"), Baggage::new());
    }

    #[test]
    fn what_goes_beyond_the_limits_is_left_out() {
        let many: Baggage = (0..200).map(|i| (format!("k{i}"), "v")).collect();
        assert_eq!(many.len(), MAX_MEMBERS);
        assert!((0..MAX_MEMBERS).all(|i| many.get(&format!("k{i}")) == Some("v")));
        let again: Baggage = (0..200).map(|i| (format!("k{}", i % 20), "v")).collect();
        assert_eq!(again.len(), 20);
        let full = Baggage::new().with("k", &"v".repeat(MAX_BYTES - 1));
        assert_eq!(full.with("another", "1"), full);
        assert!(Baggage::new().with("k", &"v".repeat(MAX_BYTES)).is_empty());
        assert!(Baggage::new().with("", "no name").is_empty());
    }
}
