//! Lints fire where they fire without the attribute: every `expect` here would be a warning if its lint did not, and
//! every warning is an error. The ones of clippy are looked at when clippy runs. `ui/lints_still_fire.rs` shows where
//! they point.
#![deny(warnings, clippy::pedantic, clippy::nursery)]
#![allow(
    dead_code,
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::missing_const_for_fn,
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    clippy::used_underscore_binding,
    unreachable_pub,
    reason = "tests"
)]

use tracer_runtime::traced;

mod of_rustc {
    use super::*;

    #[traced]
    #[expect(dead_code)]
    fn dead() {}

    #[traced]
    #[expect(dead_code)]
    async fn dead_later() {}

    #[traced]
    #[expect(unused_variables)]
    pub fn unused(a: u8) {}

    #[traced]
    #[expect(unused_variables)]
    pub fn unused_in_a_pattern((a, _): (u8, u8)) -> Result<u8, u8> {
        Err(1)
    }

    #[traced]
    #[expect(unused_variables)]
    pub async fn unused_later(a: &str) {}

    #[traced]
    pub fn on_the_parameter(#[expect(unused_variables)] a: u8) {}

    #[traced]
    #[expect(unused_mut)]
    pub fn not_mutated(mut a: u8) -> u8 {
        a
    }

    #[traced]
    #[expect(unused_mut)]
    pub async fn not_mutated_later(mut a: u8) -> u8 {
        a
    }

    #[traced]
    #[expect(unused_assignments, unused_variables)]
    pub fn overwritten(mut a: u8) {
        a = 1;
    }

    #[traced]
    #[expect(unreachable_code)]
    pub fn unreachable() -> u8 {
        return 1;
        2
    }

    #[traced]
    #[expect(unreachable_code)]
    pub async fn unreachable_later() -> u8 {
        return 1;
        2
    }

    #[traced]
    #[must_use]
    pub fn important() -> u8 {
        1
    }

    #[traced]
    #[must_use]
    pub async fn important_later() -> u8 {
        1
    }

    #[traced]
    #[expect(unused_must_use)]
    pub fn careless() -> Result<(), u8> {
        important();
        Ok(())
    }

    #[traced]
    #[expect(unused_must_use)]
    pub async fn careless_later() {
        important_later().await;
    }

    #[traced]
    #[expect(unused_must_use)]
    pub async fn careless_of_a_future() {
        important_later();
    }

    #[traced]
    #[deprecated]
    pub fn old() {}

    #[traced]
    #[expect(deprecated)]
    pub fn uses_old() {
        old();
    }

    #[traced]
    #[expect(non_snake_case)]
    pub fn shouting(A: u8) -> u8 {
        A
    }

    #[traced]
    #[expect(unconditional_recursion)]
    pub fn endless() {
        endless();
    }

    pub struct Type;

    impl Type {
        #[traced]
        #[expect(dead_code)]
        fn dead(self) {}

        #[traced]
        #[expect(dead_code)]
        async fn dead_later(&self) {}
    }

    #[test]
    fn run() {
        let _ = Type;
    }
}

mod of_clippy {
    use super::*;

    #[traced]
    #[expect(clippy::needless_return)]
    pub fn returns(a: u8) -> u8 {
        return a;
    }

    #[traced]
    #[expect(clippy::needless_return)]
    pub fn returns_nothing() {
        return;
    }

    #[traced]
    #[expect(clippy::needless_return)]
    pub fn returns_a_result(a: u8) -> Result<u8, u8> {
        if a == 1 {
            return Err(1);
        }
        return Ok(1);
    }

    #[traced]
    #[expect(clippy::needless_return)]
    pub async fn returns_later(a: u8) -> u8 {
        return a;
    }

    #[traced]
    #[expect(clippy::let_and_return)]
    pub fn binds(a: u8) -> u8 {
        let b = a + 1;
        b
    }

    #[traced]
    #[expect(clippy::let_and_return)]
    pub async fn binds_later(a: u8) -> u8 {
        let b = a + 1;
        b
    }

    #[traced]
    #[expect(clippy::ptr_arg)]
    pub fn takes_a_vec(a: &Vec<u8>) -> usize {
        a.len()
    }

    #[traced]
    #[expect(clippy::ptr_arg)]
    pub async fn takes_a_vec_later(a: &Vec<u8>) -> usize {
        a.len()
    }

    #[traced]
    #[expect(clippy::needless_lifetimes)]
    pub fn names_a_lifetime<'a>(a: &'a str) -> &'a str {
        a.trim()
    }

    #[traced]
    #[expect(clippy::needless_lifetimes)]
    pub fn names_a_lifetime_beside_a_macro<'a>(a: &'a str) -> Option<&'a str> {
        tracer_runtime::event!("trimmed");
        a.strip_prefix(' ')
    }

    #[traced]
    #[expect(clippy::needless_lifetimes)]
    pub async fn names_a_lifetime_later<'a>(a: &'a str) -> Result<&'a str, u8> {
        if a.is_empty() {
            return Err(1);
        }
        Ok(a)
    }

    #[traced]
    #[expect(clippy::too_many_arguments, clippy::many_single_char_names)]
    pub async fn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) -> u8 {
        a + b + c + d + e + f + g + h
    }

    #[traced]
    #[expect(clippy::cast_possible_truncation)]
    pub fn casts(a: u64) -> Result<u8, u8> {
        Ok(a as u8)
    }

    // `async_yields_async` is not said of an `async fn`.
    #[traced]
    pub async fn gives_a_handle() -> tokio::task::JoinHandle<()> {
        tokio::spawn(async {})
    }

    #[tracer_runtime::instrument]
    pub async fn gives_a_future() -> impl Future<Output = u8> {
        std::future::ready(1)
    }

    #[traced]
    #[expect(clippy::needless_range_loop)]
    pub async fn loops(a: &[u8]) -> u8 {
        let mut sum = 0;
        for i in 0..a.len() {
            sum += a[i];
        }
        sum
    }
}

/// And on what is ours none of them fires.
mod silent {
    use super::*;

    pub struct Type(String);

    #[traced(args(*), fields(n = 1), ret, err(Debug))]
    impl Type {
        pub fn by_reference(&self, _unused: u8, mut more: String) -> Result<String, u8> {
            if more.is_empty() {
                return Err(1);
            }
            more.push_str(&self.0);
            Ok(more)
        }

        pub fn by_value(self, (a, _): (u8, String)) -> u8 {
            a
        }

        pub async fn later(&mut self, mut a: String, _: String) -> Result<(), u8> {
            tokio::task::yield_now().await;
            a.push('!');
            self.0 = a;
            Ok(())
        }

        pub fn diverges(&self) -> u8 {
            todo!("not yet: {}", self.0)
        }

        pub fn opaque(&self) -> impl Iterator<Item = char> + use<> {
            self.0.to_letters().into_iter()
        }
    }

    trait ToLetters {
        fn to_letters(&self) -> Vec<char>;
    }

    #[traced]
    impl ToLetters for String {
        fn to_letters(&self) -> Vec<char> {
            self.chars().collect()
        }
    }

    #[traced(root, server)]
    pub async fn server(a: std::collections::HashMap<String, String>) -> usize {
        tokio::task::yield_now().await;
        a.len()
    }
}
