//! Calls that are like one before: what is the same about them is described once, for good, so that the next one copies no
//! texts, frees none, and finds what counts it without looking for it.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

#[cfg(feature = "metrics")]
use super::metrics::OfKnown;
use super::plan::RpcPlan;
use super::{Installed, installed};
use crate::recorder::reentrancy::Inside;

/// More come from outside rather than from an interface.
const MAX_KNOWN: usize = 2_000;
/// Of one of the texts.
const MAX_BYTES: usize = 256;
/// A power of two; a kibibyte of each thread that has calls.
const RECENT: usize = 64;

/// Those of the process.
static ALL: Table = Table::new(MAX_KNOWN);

thread_local! {
    /// Two of a place, the latest first: one alone would be pushed out by every second call where two kinds share it.
    static LAST: [[Cell<Option<&'static Known>>; 2]; RECENT] =
        const { [const { [const { Cell::new(None) }; 2] }; RECENT] };
}

/// What tells calls of gRPC apart before they start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Asked<'a> {
    pub(crate) is_client: bool,
    /// `package.Service/Method`
    pub(crate) name: &'a str,
    /// Who is asked: `host:port`.
    pub(crate) address: &'a str,
    /// The other side, as far as this one knows it.
    pub(crate) service: &'a str,
    /// The method of the caller.
    pub(crate) caller: &'a str,
    /// The template of the path that matched.
    pub(crate) route: &'a str,
    pub(crate) version: Option<http::Version>,
}

/// A description that such calls share.
#[derive(Debug)]
pub(crate) struct Known {
    pub(super) plan: RpcPlan,
    #[cfg(feature = "metrics")]
    pub(super) series: OfKnown,
    asked: Asked<'static>,
    installed: &'static Installed,
}

/// Descriptions that stay.
#[derive(Debug)]
struct Table {
    known: RwLock<Option<HashMap<Asked<'static>, &'static Known>>>,
    limit: usize,
    full: AtomicBool,
}

impl Known {
    /// The description of calls like this one, if there has been one.
    pub(crate) fn find(asked: &Asked<'_>) -> Option<&'static Self> {
        let (place, installed) = (asked.place(), installed());
        let last = LAST.try_with(|last| {
            let known = last[place].each_ref().map(Cell::get).into_iter();
            known.flatten().find(|known| known.is(asked, installed))
        });
        last.ok().flatten().or_else(|| {
            let known = ALL.look_up(asked, installed)?;
            let _ = LAST.try_with(|last| {
                let [latest, before] = &last[place];
                before.set(latest.replace(Some(known)));
            });
            Some(known)
        })
    }

    /// Keeps a description for the calls to come; gives it back where its method is not known to exist, or where there are
    /// too many.
    pub(crate) fn keep(
        asked: &Asked<'_>,
        plan: Box<RpcPlan>,
    ) -> Result<&'static Self, Box<RpcPlan>> {
        ALL.keep(asked, plan, installed())
    }

    fn is(&self, asked: &Asked<'_>, installed: &'static Installed) -> bool {
        let own = &self.asked;
        std::ptr::eq(self.installed, installed)
            && own.is_client == asked.is_client
            && own.version == asked.version
            && own.name == asked.name
            && same(own.address, asked.address)
            && same(own.service, asked.service)
            && same(own.caller, asked.caller)
            && same(own.route, asked.route)
    }
}

impl Table {
    const fn new(limit: usize) -> Self {
        Self {
            known: RwLock::new(None),
            limit,
            full: AtomicBool::new(false),
        }
    }

    #[cold]
    fn look_up(&self, asked: &Asked<'_>, installed: &'static Installed) -> Option<&'static Known> {
        // This thread may hold the lock already.
        let _inside = Inside::enter()?;
        let all = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = *all.as_ref()?.get(asked)?;
        known.is(asked, installed).then_some(known)
    }

    #[cold]
    fn keep(
        &self,
        asked: &Asked<'_>,
        plan: Box<RpcPlan>,
        installed: &'static Installed,
    ) -> Result<&'static Known, Box<RpcPlan>> {
        if plan.site.is_none() || !asked.is_short() || self.full.load(Relaxed) {
            return Err(plan);
        }
        match Inside::enter() {
            Some(_inside) => self.add(asked, plan, installed),
            None => Err(plan),
        }
    }

    fn add(
        &self,
        asked: &Asked<'_>,
        mut plan: Box<RpcPlan>,
        installed: &'static Installed,
    ) -> Result<&'static Known, Box<RpcPlan>> {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if let Some(known) = all.get(asked) {
            // The other one is from before `init`.
            return known.is(asked, installed).then_some(*known).ok_or(plan);
        }
        if all.len() == self.limit {
            self.full.store(true, Relaxed);
            return Err(plan);
        }
        plan.complete(&installed.service_name);
        let asked = asked.leaked();
        let known: &'static Known = Box::leak(Box::new(Known {
            plan: *plan,
            #[cfg(feature = "metrics")]
            series: OfKnown::default(),
            asked,
            installed,
        }));
        all.insert(asked, known);
        Ok(known)
    }
}

/// Mostly both are empty.
#[inline]
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (a.is_empty() || a == b)
}

impl Asked<'_> {
    /// Names and addresses differ at their ends rather than at their beginnings.
    #[inline]
    fn place(&self) -> usize {
        let end = |text: &str| {
            let end = text.as_bytes().last_chunk();
            end.map_or(0, |end| u64::from_le_bytes(*end)) ^ (text.len() as u64) << 1
        };
        let word = end(self.name) ^ end(self.address).rotate_left(17) ^ u64::from(self.is_client);
        (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % RECENT
    }

    fn is_short(&self) -> bool {
        let Self {
            name,
            address,
            service,
            caller,
            route,
            ..
        } = self;
        let texts = [name, address, service, caller, route];
        texts.iter().all(|text| text.len() <= MAX_BYTES)
    }

    fn leaked(&self) -> Asked<'static> {
        let leak = |text: &str| -> &'static str {
            match text {
                "" => "",
                text => Box::leak(text.to_owned().into_boxed_str()),
            }
        };
        Asked {
            is_client: self.is_client,
            name: leak(self.name),
            address: leak(self.address),
            service: leak(self.service),
            caller: leak(self.caller),
            route: leak(self.route),
            version: self.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callsite::SpanKind;
    use crate::rpc::sites;

    const ASKED: Asked<'static> = Asked {
        is_client: false,
        name: "known.Test/Ask",
        address: "stock:80",
        service: "",
        caller: "",
        route: "",
        version: Some(http::Version::HTTP_2),
    };

    fn plan(name: &str) -> Box<RpcPlan> {
        let mut plan = Box::new(RpcPlan::server("grpc"));
        plan.set_known(name);
        plan
    }

    fn keep(table: &Table, asked: &Asked<'_>) -> Option<&'static Known> {
        table.keep(asked, plan(asked.name), installed()).ok()
    }

    #[test]
    fn what_differs_in_anything_is_described_apart() {
        sites::named(SpanKind::Server, ASKED.name).expect("there is room");
        let table = Table::new(9);
        let others = [
            Asked {
                is_client: true,
                ..ASKED
            },
            Asked {
                address: "stock:81",
                ..ASKED
            },
            Asked {
                service: "front",
                ..ASKED
            },
            Asked {
                caller: "buy",
                ..ASKED
            },
            Asked {
                route: "/known.Test/{*rest}",
                ..ASKED
            },
            Asked {
                version: None,
                ..ASKED
            },
        ];
        let first = keep(&table, &ASKED).expect("there is room");
        for other in others {
            assert!(table.look_up(&other, installed()).is_none(), "{other:?}");
            let known = keep(&table, &other).expect("there is room");
            assert!(!std::ptr::eq(first, known));
            assert!(
                table
                    .look_up(&other, installed())
                    .is_some_and(|k| std::ptr::eq(k, known))
            );
        }
        assert!(keep(&table, &ASKED).is_some_and(|known| std::ptr::eq(known, first)));
    }

    #[test]
    fn a_method_that_may_not_exist_is_not_kept_nor_is_a_long_text_nor_one_too_many() {
        let table = Table::new(1);
        let unknown = Asked {
            name: "known.Test/Never",
            ..ASKED
        };
        assert!(keep(&table, &unknown).is_none());
        sites::named(SpanKind::Server, ASKED.name).expect("there is room");
        let long = "x".repeat(MAX_BYTES + 1);
        assert!(
            keep(
                &table,
                &Asked {
                    address: &long,
                    ..ASKED
                }
            )
            .is_none()
        );
        assert!(keep(&table, &ASKED).is_some());
        assert!(
            keep(
                &table,
                &Asked {
                    address: "stock:81",
                    ..ASKED
                }
            )
            .is_none()
        );
        assert!(table.look_up(&ASKED, installed()).is_some());
    }
}
