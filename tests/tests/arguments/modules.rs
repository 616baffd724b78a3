//! Everything that can stand in an annotated module.

use super::*;

#[traced]
mod everything {
    //! Inner documentation stays inside.
    #![allow(dead_code, unsafe_code, reason = "nothing uses all of it")]

    use super::*;

    macro_rules! value {
        ($e:expr) => {
            $e
        };
    }

    pub(super) enum Choice {
        One(u8),
    }

    pub(super) union Bits {
        pub(super) unsigned: u8,
        signed: i8,
    }

    pub(super) static POINTER: fn(u8) -> u8 = |n| n + 1;
    pub(super) const EVALUATED: u8 = {
        const fn one() -> u8 {
            1
        }
        one()
    };

    unsafe extern "C" {
        pub(super) safe fn abs(n: i32) -> i32;
    }

    #[derive(Debug, Clone, Default)]
    pub(super) struct Data {
        n: u8,
    }

    #[async_trait::async_trait]
    pub(super) trait Service {
        async fn declared(&self) -> Result<u8, String>;
        async fn provided(&self) -> u8 {
            1
        }
    }

    #[async_trait::async_trait]
    impl Service for Data {
        async fn declared(&self) -> Result<u8, String> {
            tokio::task::yield_now().await;
            Err(self.n.to_string())
        }
    }

    #[async_trait::async_trait(?Send)]
    pub(super) trait Local {
        async fn local(&self, n: std::rc::Rc<u8>) -> Result<u8, String>;
    }

    #[async_trait::async_trait(?Send)]
    impl Local for Data {
        async fn local(&self, n: std::rc::Rc<u8>) -> Result<u8, String> {
            tokio::task::yield_now().await;
            Ok(*n)
        }
    }

    pub(super) const fn constant(choice: &Choice) -> u8 {
        let Choice::One(n) = choice;
        *n
    }

    pub(super) fn function(n: u8) -> u8 {
        value!(n)
    }

    #[cfg(any())]
    fn not_there() -> Missing {}

    #[test]
    fn a_test() {
        assert_eq!(function(1), 1);
    }

    #[tokio::test]
    async fn a_test_of_tokio() {
        assert_eq!(Data::default().provided().await, 1);
    }
}

#[test]
fn stays_what_it_is() {
    use everything::{Local as _, Service as _};
    let text = tree(|| {
        assert_eq!((everything::POINTER)(everything::EVALUATED), 2);
        assert_eq!(everything::constant(&everything::Choice::One(3)), 3);
        assert_eq!(everything::abs(-1), 1);
        let _ = everything::Bits { unsigned: 1 };
        everything::function(1);
        block_on(async {
            let data = everything::Data::default().clone();
            data.declared().await.unwrap_err();
            data.local(std::rc::Rc::new(1)).await.unwrap();
            data.provided().await;
        });
    });
    assert_eq!(
        text,
        "function [ok]\nData::declared [error: 0]\nData::local [ok]\n"
    );
}

mod labels {
    use super::*;

    struct Shop;

    #[traced]
    impl Shop {
        #[traced("renamed span")]
        fn labelled_method(&self) {}
    }

    #[traced("renamed span")]
    fn labelled_function() {}

    #[test]
    fn of_metrics_are_the_functions_whatever_their_spans_are_called() {
        let text = tree(|| {
            Shop.labelled_method();
            labelled_function();
        });
        assert_eq!(text, "renamed span [ok]\nrenamed span [ok]\n");
        let metrics = tracer_runtime::metrics::encode();
        let count = |labels: &str| {
            let wanted = format!("function_calls_total{{{labels},outcome=\"ok\"}} 1");
            metrics.lines().any(|line| line == wanted)
        };
        let module = module_path!();
        assert!(
            count(&format!(
                "function=\"Shop::labelled_method\",module=\"{module}\""
            )),
            "{metrics}"
        );
        assert!(count(&format!(
            "function=\"labelled_function\",module=\"{module}\""
        )));
        assert!(!metrics.contains("renamed span"));
    }
}
