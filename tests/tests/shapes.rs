//! Every shape of function that the attribute stands on.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    unsafe_code,
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::multiple_bound_locations,
    clippy::non_minimal_cfg,
    clippy::ptr_arg,
    clippy::undocumented_unsafe_blocks,
    reason = "tests"
)]

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use tracer_runtime::testing::capture;
use tracer_runtime::traced;

/// The tree of what a future does.
fn run<T>(future: impl Future<Output = T>) -> (T, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let capture = capture();
    let value = runtime.block_on(capture.run(future));
    (value, capture.tree())
}

/// The tree of what a closure does.
fn tree<T>(f: impl FnOnce() -> T) -> (T, String) {
    let capture = capture();
    let value = f();
    (value, capture.tree())
}

mod functions {
    use super::*;

    #[traced]
    fn unit() {}

    #[traced]
    fn number(a: u32) -> u32 {
        a + 1
    }

    #[traced]
    fn result(a: u32) -> Result<u32, String> {
        if a == 0 {
            Err("zero".to_owned())
        } else {
            Ok(a)
        }
    }

    #[traced]
    fn question_mark(text: &str) -> Result<u32, std::num::ParseIntError> {
        let n: u32 = text.parse()?;
        Ok(n + 1)
    }

    #[traced]
    fn early_return(a: u32) -> u32 {
        if a == 0 {
            return 7;
        }
        a
    }

    #[traced]
    fn early_return_of_nothing(a: u32) {
        if a == 0 {
            return;
        }
        number(a);
    }

    #[traced]
    unsafe fn dangerous(a: *const u32) -> u32 {
        unsafe { *a }
    }

    #[traced]
    extern "C" fn foreign(a: u32) -> u32 {
        a
    }

    #[traced]
    fn generic<T, const N: usize>(items: [T; N]) -> Result<String, String>
    where
        T: Display + Clone,
    {
        let all: Vec<String> = items.iter().map(|item| item.clone().to_string()).collect();
        Ok(all.join(","))
    }

    #[traced]
    fn opaque(base: impl Fn(u32) -> u32) -> impl Iterator<Item = u32> {
        let start = base(0);
        (start..).take(2)
    }

    #[traced]
    fn nested_opaque(fail: bool) -> Result<impl Display, impl Debug> {
        if fail {
            return Err("no");
        }
        Ok(format!("{}", 5))
    }

    #[traced]
    fn borrowed<'a>(text: &'a str, _other: &str) -> &'a str {
        &text[1..]
    }

    #[traced]
    fn borrowed_mut(items: &mut Vec<u32>) -> &mut u32 {
        &mut items[0]
    }

    #[traced]
    fn borrowed_in_result(items: &mut Vec<u32>) -> Result<&mut u32, String> {
        let first = items.first_mut().ok_or_else(|| "empty".to_owned())?;
        Ok(first)
    }

    #[traced]
    fn destructured((a, b): (u32, String), [c, ..]: [u32; 3], &d: &u32) -> u32 {
        a + u32::try_from(b.len()).unwrap() + c + d
    }

    struct Point {
        x: u32,
        y: String,
    }

    #[traced]
    fn fields(Point { x, ref y }: Point, mut n: u32, mut s: String) -> Result<String, ()> {
        n += x;
        s.push_str(y);
        Ok(format!("{n}{s}"))
    }

    #[traced]
    fn ref_mut(ref mut a: String, (ref mut b, _): (String, u32)) -> usize {
        a.push('x');
        b.push('y');
        a.len() + b.len()
    }

    #[traced]
    fn ignored(_: String, _unused: String) -> Option<u32> {
        None
    }

    #[traced]
    fn at_pattern(n @ 0..=255: u8) -> u8 {
        n
    }

    #[traced]
    fn labels(limit: u32) -> Result<u32, String> {
        let mut sum = 0;
        'outer: for i in 0.. {
            for j in 0..i {
                sum += j;
                if sum > limit {
                    break 'outer;
                }
                if j > 3 {
                    continue 'outer;
                }
            }
        }
        let value = 'block: {
            if sum > 1000 {
                break 'block Err("large".to_owned());
            }
            Ok(sum)
        };
        value?;
        Ok(sum)
    }

    #[traced]
    fn recursive(n: u32) -> u32 {
        if n == 0 { 0 } else { 1 + recursive(n - 1) }
    }

    #[traced]
    fn never() -> ! {
        panic!("never returns")
    }

    #[traced]
    fn r#match(r#type: String) -> String {
        r#type
    }

    #[traced]
    fn function_in_function() -> u32 {
        fn inner() -> Result<u32, ()> {
            Ok(1)
        }
        inner().unwrap()
    }

    #[traced]
    fn closure_returned(add: String) -> Box<dyn Fn(&str) -> String> {
        Box::new(move |text| format!("{text}{add}"))
    }

    #[traced]
    fn inner_attributes() -> u32 {
        #![allow(unused_variables)]
        let not_used = 1;
        2
    }

    #[traced]
    #[must_use]
    #[inline]
    #[doc = "documented"]
    pub(super) fn other_attributes() -> u32 {
        3
    }

    #[cfg_attr(all(), traced)]
    fn behind_cfg_attr() {}

    #[traced]
    fn conditional_parameters(
        #[cfg(all())] a: String,
        #[cfg(any())] a: u32,
        #[allow(unused_variables)] b: String,
    ) -> Result<String, String> {
        Ok(a)
    }

    macro_rules! make {
        ($(#[$meta:meta])* $name:ident, $param:ident: $ty:ty, $ret:ty, $body:expr) => {
            $(#[$meta])*
            #[traced]
            fn $name($param: $ty, extra: String) -> $ret {
                let _ = extra.len();
                $body
            }
        };
    }
    make!(#[allow(dead_code)] from_macro, a: String, Result<String, String>, Ok(a));
    make!(from_macro_with_same_name, extra: String, String, extra);

    #[test]
    fn run_to_their_end() {
        let ((), text) = tree(|| {
            unit();
            assert_eq!(number(1), 2);
            assert_eq!(early_return(0), 7);
            early_return_of_nothing(0);
            early_return_of_nothing(1);
            assert_eq!(unsafe { dangerous(&5) }, 5);
            assert_eq!(foreign(1), 1);
            assert_eq!(generic([1, 2]).unwrap(), "1,2");
            assert_eq!(opaque(|a| a + 1).collect::<Vec<_>>(), [1, 2]);
            assert_eq!(nested_opaque(false).ok().unwrap().to_string(), "5");
            assert_eq!(borrowed("abc", "x"), "bc");
            *borrowed_mut(&mut vec![1]) += 1;
            *borrowed_in_result(&mut vec![1]).unwrap() += 1;
            assert_eq!(destructured((1, "ab".to_owned()), [3, 4, 5], &6), 12);
            let point = Point {
                x: 1,
                y: "y".to_owned(),
            };
            assert_eq!(fields(point, 1, "s".to_owned()).unwrap(), "2sy");
            assert_eq!(ref_mut(String::new(), (String::new(), 1)), 2);
            assert_eq!(ignored(String::new(), String::new()), None);
            assert_eq!(at_pattern(7), 7);
            assert!(labels(10).is_ok());
            assert_eq!(recursive(1), 1);
            assert_eq!(r#match("t".to_owned()), "t");
            assert_eq!(function_in_function(), 1);
            assert_eq!(closure_returned("b".to_owned())("a"), "ab");
            assert_eq!(inner_attributes(), 2);
            assert_eq!(other_attributes(), 3);
            behind_cfg_attr();
            assert_eq!(conditional_parameters("a".into(), "b".into()).unwrap(), "a");
            assert_eq!(from_macro("a".into(), "b".into()).unwrap(), "a");
            assert_eq!(from_macro_with_same_name("a".into(), "b".into()), "a");
        });
        let expected = [
            "unit",
            "number",
            "early_return",
            "early_return_of_nothing",
            "early_return_of_nothing",
            "  number",
            "dangerous",
            "foreign",
            "generic",
            "opaque",
            "nested_opaque",
            "borrowed",
            "borrowed_mut",
            "borrowed_in_result",
            "destructured",
            "fields",
            "ref_mut",
            "ignored",
            "at_pattern",
            "labels",
            "recursive",
            "  recursive",
            "match",
            "function_in_function",
            "closure_returned",
            "inner_attributes",
            "other_attributes",
            "behind_cfg_attr",
            "conditional_parameters",
            "from_macro",
            "from_macro_with_same_name",
        ];
        let expected: String = expected
            .iter()
            .map(|name| format!("{name} [ok]\n"))
            .collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn fail_and_unwind() {
        let (_, text) = tree(|| {
            assert!(result(0).is_err());
            assert!(question_mark("x").is_err());
            assert!(nested_opaque(true).is_err());
            assert!(borrowed_in_result(&mut vec![]).is_err());
            let panic = std::panic::catch_unwind(|| never()).unwrap_err();
            assert_eq!(*panic.downcast::<&str>().unwrap(), "never returns");
        });
        assert_eq!(
            text,
            "result [error: zero]\n\
             question_mark [error: invalid digit found in string]\n\
             nested_opaque [error: no]\n\
             borrowed_in_result [error: empty]\n\
             never [panic]\n"
        );
    }
}

mod methods {
    use super::*;

    #[derive(Default, Clone)]
    struct Shop {
        name: String,
        other: String,
    }

    impl Shop {
        #[traced]
        fn new() -> Self {
            Self::default()
        }

        #[traced]
        fn by_reference(&self) -> &str {
            &self.name
        }

        #[traced]
        fn by_mutable_reference(&mut self, text: &str) -> Result<&mut Self, String> {
            let first = text.chars().next().ok_or("nothing")?;
            self.name.push(first);
            Ok(self)
        }

        #[traced]
        fn by_value(self) -> String {
            self.name
        }

        #[traced]
        fn by_mutable_value(mut self, more: String) -> Result<Self, ()> {
            self.name.push_str(&more);
            self.other = more;
            Ok(self)
        }

        #[traced]
        fn boxed(self: Box<Self>) -> Self {
            *self
        }

        #[traced]
        fn counted(self: Arc<Self>, n: u32) -> Option<Arc<Self>> {
            if n == 0 {
                return None;
            }
            Some(self)
        }

        #[traced]
        fn counted_reference(self: &Rc<Self>) -> Rc<Self> {
            Rc::clone(self)
        }

        #[traced]
        fn pinned(self: Pin<&mut Self>) -> usize {
            self.name.len()
        }

        #[traced]
        fn never(self) -> ! {
            panic!("{}", self.name)
        }

        #[traced]
        async fn later(&self, more: &str) -> Result<String, String> {
            tokio::task::yield_now().await;
            Ok(format!("{}{more}", self.name))
        }

        #[traced]
        async fn later_by_value(mut self, more: String) -> String {
            self.name.push_str(&more);
            self.name
        }

        #[traced]
        async fn later_mutably(&mut self, mut more: String) -> &mut String {
            more.push('!');
            self.name.push_str(&more);
            &mut self.name
        }
    }

    #[test]
    fn take_any_self() {
        let ((), text) = run(async {
            let mut shop = Shop::new();
            assert_eq!(shop.by_reference(), "");
            shop.by_mutable_reference("a").unwrap();
            assert_eq!(shop.clone().by_value(), "a");
            let shop = shop.by_mutable_value("b".to_owned()).unwrap();
            assert_eq!(shop.other, "b");
            let mut shop = Box::new(shop).boxed();
            assert!(Arc::new(shop.clone()).counted(0).is_none());
            let shared = Rc::new(shop.clone());
            assert_eq!(Rc::strong_count(&shared.counted_reference()), 2);
            assert_eq!(Pin::new(&mut shop).pinned(), 2);
            assert_eq!(shop.later("c").await.unwrap(), "abc");
            assert_eq!(shop.clone().later_by_value("d".to_owned()).await, "abd");
            assert_eq!(shop.later_mutably("e".to_owned()).await, "abe!");
            std::panic::catch_unwind(|| shop.never()).unwrap_err();
        });
        assert_eq!(
            text,
            "new [ok]\nby_reference [ok]\nby_mutable_reference [ok]\nby_value [ok]\n\
             by_mutable_value [ok]\nboxed [ok]\ncounted [ok]\ncounted_reference [ok]\npinned [ok]\n\
             later [ok]\nlater_by_value [ok]\nlater_mutably [ok]\nnever [panic]\n"
        );
    }

    trait Animal {
        #[traced]
        fn declared(&self) -> String;

        #[traced]
        fn provided(&self) -> Result<String, String> {
            Ok(self.declared())
        }

        #[traced]
        async fn declared_later(&self) -> String;

        #[traced]
        async fn provided_later(&self, n: u32) -> Result<String, String> {
            if n > 1 {
                return Err("n".to_owned());
            }
            Ok(self.declared_later().await)
        }
    }

    struct Cat;

    impl Animal for Cat {
        #[traced]
        fn declared(&self) -> String {
            "cat".to_owned()
        }

        #[traced]
        async fn declared_later(&self) -> String {
            tokio::task::yield_now().await;
            "late cat".to_owned()
        }
    }

    #[test]
    fn of_traits() {
        let ((), text) = run(async {
            assert_eq!(Cat.provided().unwrap(), "cat");
            assert_eq!(Cat.provided_later(1).await.unwrap(), "late cat");
            Cat.provided_later(2).await.unwrap_err();
        });
        assert_eq!(
            text,
            "provided [ok]\n  declared [ok]\nprovided_later [ok]\n  declared_later [ok]\n\
             provided_later [error: n]\n"
        );
    }
}

mod futures {
    use super::*;

    #[traced]
    async fn unit() {
        tokio::task::yield_now().await;
    }

    #[traced]
    async fn generic<T: Clone + Send, const N: usize>(items: &[T; N]) -> Result<Vec<T>, ()>
    where
        T: Debug,
    {
        tokio::task::yield_now().await;
        Ok(items.to_vec())
    }

    #[traced]
    async fn destructured((a, mut b): (u32, String), _: String, &c: &u32) -> Result<String, ()> {
        b.push('!');
        tokio::task::yield_now().await;
        Ok(format!("{a}{b}{c}"))
    }

    #[traced]
    async fn opaque(text: &str) -> impl Display {
        format!("<{text}>")
    }

    #[traced]
    async fn nested_opaque(fail: bool) -> Result<impl Display, String> {
        if fail {
            Err("opaque".to_owned())?;
        }
        Ok("fine")
    }

    #[traced]
    async fn reassigned(mut text: &str) -> usize {
        let local = String::from("local");
        if text.is_empty() {
            text = &local;
        }
        tokio::task::yield_now().await;
        text.len()
    }

    #[traced]
    async unsafe fn dangerous(n: *const u32) -> u32 {
        unsafe { *n }
    }

    #[traced]
    async fn not_send(cell: Rc<Cell<u32>>) -> u32 {
        tokio::task::yield_now().await;
        cell.get()
    }

    #[traced]
    async fn forever(n: String) -> ! {
        loop {
            tokio::task::yield_now().await;
            assert!(n.is_empty(), "stopped");
        }
    }

    #[traced(boxed)]
    async fn recursive(n: u32) -> Result<u32, String> {
        if n == 0 {
            return Ok(0);
        }
        Ok(1 + recursive(n - 1).await?)
    }

    #[traced]
    async fn inner_attributes() -> u32 {
        #![allow(unused_variables)]
        let not_used = 1;
        2
    }

    #[test]
    fn async_functions() {
        let ((), text) = run(async {
            unit().await;
            assert_eq!(generic(&[1, 2]).await.unwrap(), [1, 2]);
            let s = || "s".to_owned();
            assert_eq!(destructured((1, s()), s(), &2).await.unwrap(), "1s!2");
            assert_eq!(opaque("o").await.to_string(), "<o>");
            assert_eq!(nested_opaque(false).await.unwrap().to_string(), "fine");
            assert!(nested_opaque(true).await.is_err());
            assert_eq!(reassigned("").await, 5);
            assert_eq!(unsafe { dangerous(&1) }.await, 1);
            assert_eq!(not_send(Rc::default()).await, 0);
            assert_eq!(inner_attributes().await, 2);
            assert_eq!(tokio::spawn(recursive(1)).await.unwrap().unwrap(), 1);
            let stopped = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(
                forever("x".to_owned()),
            ));
            assert!(stopped.await.is_err());
        });
        assert_eq!(
            text,
            "unit [ok]\ngeneric [ok]\ndestructured [ok]\nopaque [ok]\nnested_opaque [ok]\n\
             nested_opaque [error: opaque]\nreassigned [ok]\ndangerous [ok]\nnot_send [ok]\n\
             inner_attributes [ok]\nrecursive [ok]\n  recursive [ok]\nforever [panic]\n"
        );
    }

    #[test]
    fn recursion() {
        let (value, text) = run(recursive(2));
        assert_eq!(value.unwrap(), 2);
        assert_eq!(
            text,
            "recursive [ok]\n  recursive [ok]\n    recursive [ok]\n"
        );
        fn is_send(_: impl Send) {}
        is_send(recursive(1));
    }

    type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

    #[traced]
    fn whole_box(n: u32) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
        Box::pin(async move {
            if n == 0 {
                return Err("zero".to_owned());
            }
            Ok(n)
        })
    }

    #[traced]
    fn whole_box_by_alias(text: &str) -> Boxed<'_, Result<usize, String>> {
        Box::pin(async move {
            let n = text.parse::<usize>().map_err(|_| "no number".to_owned())?;
            Ok(n)
        })
    }

    #[traced]
    fn whole_block(n: u32) -> impl Future<Output = Result<u32, String>> {
        async move {
            if n == 0 {
                return Err("zero".to_owned());
            }
            Ok(n)
        }
    }

    #[traced]
    fn works_first(n: u32) -> impl Future<Output = Result<u32, String>> + Send {
        unit_of_work();
        let half = n / 2;
        async move {
            unit().await;
            if half == 0 {
                Err("zero".to_owned())
            } else {
                Ok(half)
            }
        }
    }

    #[traced]
    fn works_first_in_a_box(
        text: &str,
    ) -> futures_util::future::BoxFuture<'_, Result<usize, String>> {
        unit_of_work();
        if text.is_empty() {
            return Box::pin(async { Err("empty".to_owned()) });
        }
        Box::pin(async move { Ok(text.len()) })
    }

    #[traced]
    fn works_first_in_a_local_box(
        n: Rc<u32>,
    ) -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
        unit_of_work();
        Box::pin(async move { Err(n.to_string()) })
    }

    #[traced]
    fn unit_of_work() {}

    #[test]
    fn functions_that_return_futures() {
        let ((), text) = run(async {
            whole_box(1).await.unwrap();
            whole_box(0).await.unwrap_err();
            drop(whole_box(1));
            whole_box_by_alias("x").await.unwrap_err();
            whole_block(0).await.unwrap_err();
            drop(whole_block(0));
            works_first(2).await.unwrap();
            works_first(0).await.unwrap_err();
            drop(works_first(1));
            works_first_in_a_box("").await.unwrap_err();
            works_first_in_a_box("a").await.unwrap();
            works_first_in_a_local_box(Rc::new(3)).await.unwrap_err();
        });
        assert_eq!(
            text,
            "whole_box [ok]\nwhole_box [error: zero]\nwhole_box_by_alias [error: no number]\n\
             whole_block [error: zero]\n\
             works_first [ok]\n  unit_of_work [ok]\n  unit [ok]\n\
             works_first [error: zero]\n  unit_of_work [ok]\n  unit [ok]\n\
             works_first [cancelled]\n  unit_of_work [ok]\n\
             works_first_in_a_box [error: empty]\n  unit_of_work [ok]\n\
             works_first_in_a_box [ok]\n  unit_of_work [ok]\n\
             works_first_in_a_local_box [error: 3]\n  unit_of_work [ok]\n"
        );
    }

    #[test]
    fn cancelled_and_unwound() {
        let ((), text) = run(async {
            let mut future = Box::pin(unit());
            assert!(futures_util::poll!(&mut future).is_pending());
            drop(future);
            drop(unit());
        });
        assert_eq!(text, "unit [cancelled]\n");
    }
}

mod beside_other_attributes {
    use super::*;

    #[async_trait::async_trait]
    trait Store: Sync {
        async fn get(&self, key: &str) -> Result<String, String>;
        async fn put(&mut self, key: String) -> Result<(), String>;

        #[traced]
        async fn twice(&self, key: &str) -> Result<String, String> {
            let first = self.get(key).await?;
            Ok(format!("{first}{first}"))
        }
    }

    #[derive(Clone, Default)]
    struct Memory(String);

    #[async_trait::async_trait]
    impl Store for Memory {
        #[traced(args(key), fields(name = self.0.as_str()))]
        async fn get(&self, key: &str) -> Result<String, String> {
            if key.is_empty() {
                return Err("no key".to_owned());
            }
            Ok(format!("{}{key}", self.0))
        }

        #[traced(args(key))]
        async fn put(&mut self, key: String) -> Result<(), String> {
            self.0 = key;
            Ok(())
        }
    }

    struct Above(u32);

    #[traced]
    #[async_trait::async_trait]
    impl Store for Above {
        async fn get(&self, _key: &str) -> Result<String, String> {
            tokio::task::yield_now().await;
            Err(self.0.to_string())
        }

        async fn put(&mut self, mut key: String) -> Result<(), String> {
            key.push('!');
            self.0 += 1;
            Ok(())
        }
    }

    struct Below(u32);

    #[async_trait::async_trait]
    #[traced]
    impl Store for Below {
        async fn get(&self, _key: &str) -> Result<String, String> {
            Err(self.0.to_string())
        }

        async fn put(&mut self, key: String) -> Result<(), String> {
            self.0 += u32::try_from(key.len()).unwrap();
            Ok(())
        }
    }

    #[test]
    fn async_trait() {
        let ((), text) = run(async {
            let mut memory = Memory("m".to_owned());
            memory.get("k").await.unwrap();
            memory.twice("").await.unwrap_err();
            memory.put("k".to_owned()).await.unwrap();
            let mut above = Above(1);
            above.put("k".to_owned()).await.unwrap();
            above.get("").await.unwrap_err();
            let mut below = Below(1);
            below.put("k".to_owned()).await.unwrap();
            below.get("").await.unwrap_err();
        });
        assert_eq!(
            text,
            "get [ok] {key=\"k\", name=\"m\"}\n\
             twice [error: no key]\n  get [error: no key] {key=\"\", name=\"m\"}\n\
             put [ok] {key=\"k\"}\n\
             Above::put [ok]\nAbove::get [error: 2]\nBelow::put [ok]\nBelow::get [error: 2]\n"
        );
    }

    #[traced]
    #[tokio::main(flavor = "current_thread")]
    async fn main_below() -> Result<u32, String> {
        Err("main".to_owned())
    }

    #[tokio::main(flavor = "current_thread")]
    #[traced]
    async fn main_above() -> Result<u32, String> {
        Err("main".to_owned())
    }

    #[test]
    fn tokio_main() {
        let (_, text) = tree(|| (main_below(), main_above()));
        assert_eq!(text, "main_below [error: main]\nmain_above [error: main]\n");
    }

    #[traced]
    #[tokio::test]
    async fn tokio_test_below() {
        tokio::task::yield_now().await;
    }

    #[tokio::test]
    #[traced]
    async fn tokio_test_above() -> Result<(), String> {
        tokio::task::yield_now().await;
        Ok(())
    }

    #[traced]
    #[test]
    #[should_panic(expected = "on purpose")]
    fn test_below() {
        panic!("on purpose");
    }

    #[traced]
    fn unfinished() -> u32 {
        todo!("not yet")
    }

    #[traced]
    fn unfinished_result() -> Result<u32, String> {
        todo!("not yet")
    }

    #[traced]
    #[track_caller]
    fn unfinished_with_location() -> Result<u32, String> {
        todo!("not yet")
    }

    #[test]
    fn bodies_that_only_panic() {
        let (_, text) = tree(|| {
            std::panic::catch_unwind(unfinished).unwrap_err();
            std::panic::catch_unwind(unfinished_result).unwrap_err();
            std::panic::catch_unwind(unfinished_with_location).unwrap_err();
        });
        assert_eq!(
            text,
            "unfinished [panic]\nunfinished_result [panic]\nunfinished_with_location [panic]\n"
        );
    }
}

mod track_caller {
    use super::*;
    use std::panic::Location;

    #[traced]
    #[track_caller]
    fn plain(_a: String) -> u32 {
        Location::caller().line()
    }

    #[traced]
    #[track_caller]
    fn early(text: &str) -> Result<u32, std::num::ParseIntError> {
        let n: u32 = text.parse()?;
        Ok(Location::caller().line() + n)
    }

    #[traced]
    #[track_caller]
    fn without_early(fail: bool) -> Result<u32, &'static str> {
        if fail {
            Err("seen")
        } else {
            Ok(Location::caller().line())
        }
    }

    struct Owned(u32);

    impl Owned {
        #[traced]
        #[track_caller]
        fn by_value(self) -> u32 {
            Location::caller().line() + self.0
        }
    }

    #[test]
    fn the_location_of_the_caller_survives() {
        let ((), text) = tree(|| {
            assert_eq!(plain(String::new()), line!());
            assert_eq!(early("0"), Ok(line!()));
            assert_eq!(without_early(false), Ok(line!()));
            assert_eq!(Owned(0).by_value(), line!());
            early("x").unwrap_err();
            without_early(true).unwrap_err();
        });
        // `early` leaves by `?`, which only a closure could see: its error counts as `ok`.
        assert_eq!(
            text,
            "plain [ok]\nearly [ok]\nwithout_early [ok]\nby_value [ok]\nearly [ok]\n\
             without_early [error: seen]\n"
        );
    }
}

mod callsites {
    use super::*;

    #[traced]
    /// Documented.
    #[inline]
    pub(super) fn located() -> (&'static str, u32) {
        (file!(), line!() - 1)
    }

    #[test]
    fn the_location_is_that_of_the_function() {
        let capture = capture();
        let (file, line) = located();
        let callsite = capture.spans()[0].callsite;
        assert_eq!(callsite.location().file(), file);
        assert_eq!(callsite.location().line(), line);
        assert_eq!(callsite.module(), module_path!());
        assert_eq!(callsite.target(), module_path!());
        assert_eq!(
            (callsite.name(), callsite.function()),
            ("located", "located")
        );
    }
}
