//! Methods that `async_trait` has rewritten, or that return a boxed future of their own accord.

use super::instrument;
use crate::support::{block_on, check};
use async_trait::async_trait;
use std::future::Future;
use std::pin::Pin;
use tracing_mock::{expect, subscriber};

#[async_trait]
trait Shop {
    async fn order(&self, number: usize);
    async fn pay(&self, number: usize);
    async fn ship(&self, number: usize);
}

#[derive(Debug, Clone)]
struct Corner(u64);

#[async_trait]
impl Shop for Corner {
    #[instrument]
    async fn order(&self, number: usize) {
        self.pay(number).await;
        self.ship(number).await;
    }

    #[instrument(skip(self))]
    async fn pay(&self, number: usize) {
        tracing::info!(number);
    }

    #[instrument(skip_all, fields(of = self.0))]
    async fn ship(&self, _number: usize) {}
}

pub(crate) fn methods_record_self_and_their_parameters() {
    let (order, pay, ship) = (
        expect::span().named("order"),
        expect::span().named("pay"),
        expect::span().named("ship"),
    );
    let fields = expect::field("self")
        .with_value(&tracing::field::debug(Corner(5)))
        .and(expect::field("number").with_value(&7_u64))
        .only();
    let mock = subscriber::mock()
        .new_span(order.clone().with_fields(fields))
        .enter(order.clone())
        .new_span(
            pay.clone()
                .with_ancestry(expect::has_contextual_parent("order"))
                .with_fields(expect::field("number").with_value(&7_u64).only()),
        )
        .enter(pay.clone())
        .event(expect::event().with_fields(expect::field("number").with_value(&7_u64)))
        .exit(pay.clone())
        .enter(pay.clone())
        .exit(pay.clone())
        .drop_span(pay)
        .new_span(ship.clone().with_fields(expect::field("of").with_value(&5_u64).only()))
        .enter(ship.clone())
        .exit(ship.clone())
        .enter(ship.clone())
        .exit(ship.clone())
        .drop_span(ship)
        .exit(order.clone())
        .enter(order.clone())
        .exit(order.clone())
        .drop_span(order)
        .only();
    check(mock, || block_on(Corner(5).order(7)));
}

impl Corner {
    fn number(&self) -> u64 {
        self.0
    }
}

#[async_trait]
trait Expressive {
    async fn call(&mut self, value: usize);
}

#[async_trait]
impl Expressive for Corner {
    #[instrument(fields(own = self.number(), cloned = Self::clone(self).number(), sum = %value + 5))]
    async fn call(&mut self, value: usize) {}
}

pub(crate) fn expressions_see_self() {
    let fields = expect::field("self")
        .with_value(&tracing::field::debug(Corner(5)))
        .and(expect::field("value").with_value(&5_u64))
        .and(expect::field("own").with_value(&5_u64))
        .and(expect::field("cloned").with_value(&5_u64))
        .and(expect::field("sum").with_value(&tracing::field::display(10)))
        .only();
    let mock = subscriber::mock()
        .new_span(expect::span().named("call").with_fields(fields))
        .enter("call")
        .exit("call")
        .enter("call")
        .exit("call")
        .drop_span("call")
        .only();
    check(mock, || block_on(Expressive::call(&mut Corner(5), 5)));
}

#[async_trait]
trait Generic {
    async fn call();
    fn boxed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
    fn sync(&self);
}

#[derive(Debug)]
struct Holder<T>(T);

#[async_trait]
impl<T: std::fmt::Debug + Send + Sync> Generic for Holder<T> {
    #[instrument(fields(Self = std::any::type_name::<Self>()))]
    async fn call() {}

    #[instrument(skip(self), fields(Self = std::any::type_name::<Self>()))]
    fn boxed(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let _ = &self.0;
        })
    }

    #[instrument(skip(self), fields(Self = std::any::type_name::<Self>()))]
    fn sync(&self) {}
}

pub(crate) fn the_type_of_self_is_a_field() {
    let name = std::any::type_name::<Holder<u8>>();
    let span = |function| {
        expect::span()
            .named(function)
            .with_fields(expect::field("Self").with_value(&name).only())
    };
    let mock = subscriber::mock()
        .new_span(span("call"))
        .enter("call")
        .exit("call")
        .enter("call")
        .exit("call")
        .drop_span("call")
        .new_span(span("sync"))
        .enter("sync")
        .exit("sync")
        .drop_span("sync")
        .new_span(span("boxed"))
        .enter("boxed")
        .exit("boxed")
        .enter("boxed")
        .exit("boxed")
        .drop_span("boxed")
        .only();
    check(mock, || {
        block_on(Holder::<u8>::call());
        Holder(1_u8).sync();
        block_on(Holder(1_u8).boxed());
    });
}

#[async_trait]
trait Late {
    async fn call(&self) -> Result<(), ()>;
}

#[async_trait]
impl Late for Corner {
    #[instrument(skip_all, fields(app))]
    async fn call(&self) -> Result<(), ()> {
        let app = 3_u64;
        tracing::Span::current().record("app", app);
        Ok(())
    }
}

/// `async_trait` writes statements in front of the future, which stay there.
pub(crate) fn fields_beside_statements_before_the_future() {
    let span = expect::span().named("call");
    let mock = subscriber::mock()
        .new_span(span.clone())
        .enter(span.clone())
        .record(span.clone(), expect::field("app").with_value(&3_u64))
        .exit(span.clone())
        .enter(span.clone())
        .exit(span.clone())
        .drop_span(span)
        .only();
    check(mock, || block_on(Late::call(&Corner(1))).unwrap());
}
