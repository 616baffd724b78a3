//! The expansion meets nothing of the user's: no prelude, modules and types with the names of the standard library,
//! parameters with the names of what is generated.
#![no_implicit_prelude]
#![deny(warnings)]
#![deny(clippy::pedantic, clippy::nursery)]
#![allow(
    dead_code,
    non_snake_case,
    missing_docs,
    clippy::missing_const_for_fn,
    clippy::redundant_pub_crate,
    clippy::unused_async,
    clippy::unnecessary_box_returns,
    reason = "tests"
)]

/// The same crate under another name: the only way to reach it below.
mod renamed {
    pub(crate) use ::tracer_runtime::*;
}

mod shadowed {
    use crate::renamed::traced;

    mod core {}
    mod std {}
    mod alloc {}
    mod tracing {}
    mod tracer_runtime {}
    mod carrier {}

    #[allow(non_camel_case_types, reason = "it is the point")]
    struct u64;
    struct Option;
    struct Result;
    struct String;
    struct Box;
    struct Pin;
    struct Future;
    struct Guard;
    struct Probe;
    struct Capture;
    struct Returned;
    struct Carrier;
    struct CarrierMut;
    struct Callsite;
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Send;
    struct Clone;
    struct Copy;
    struct Drop;
    struct Fn;
    struct Debug;
    struct Display;
    struct Value;
    struct Start;
    trait Outcome {
        fn failure(&self) {}
        fn status(&self) {}
        fn error(&self) {}
        fn split(&self) {}
        fn settle(&self) {}
        fn capture(&self) {}
        fn incoming(&self) {}
        fn outgoing(&mut self) {}
    }
    impl<T> Outcome for T {}

    type Fallible = ::core::result::Result<u8, ::std::string::String>;

    #[traced(crate = crate::renamed)]
    fn unit(_a: String) {}

    #[traced(crate = crate::renamed, args(*), fields(a = 1, b = ?a), ret, err)]
    fn fallible(a: u8) -> Fallible {
        if a == 0 {
            return ::core::result::Result::Ok(1);
        }
        ::core::result::Result::Ok(a)
    }

    #[traced(crate = crate::renamed, args(*), ret, server)]
    async fn later(a: u8) -> Fallible {
        ::core::result::Result::Ok(a)
    }

    #[traced(crate = crate::renamed, client)]
    async fn client(a: ::std::string::String) -> Fallible {
        ::core::result::Result::Ok(::core::convert::identity(u8::try_len(a.len())))
    }

    trait TryLen {
        fn try_len(_: usize) -> Self;
    }

    impl TryLen for u8 {
        fn try_len(_: usize) -> Self {
            1
        }
    }

    #[traced(crate = crate::renamed, boxed)]
    async fn boxed() -> Fallible {
        ::core::result::Result::Ok(1)
    }

    #[traced(crate = crate::renamed, root, links = ::core::iter::empty::<crate::renamed::Link>())]
    fn future() -> impl ::core::future::Future<Output = Fallible> {
        unit(String);
        ::core::future::ready(::core::result::Result::Ok(1))
    }

    #[traced(crate = crate::renamed, ok_if = is_ok, parent = crate::renamed::Context::current())]
    fn decided(a: u8) -> ::std::boxed::Box<u8> {
        ::std::boxed::Box::new(a)
    }

    fn is_ok(_: &::std::boxed::Box<u8>) -> bool {
        true
    }

    #[traced(crate = crate::renamed)]
    mod whole {
        pub(super) struct Type;

        impl Type {
            pub(super) fn method(self) -> super::Fallible {
                ::core::result::Result::Ok(1)
            }
        }
    }

    #[test]
    fn all_of_it_runs() {
        unit(String);
        ::core::assert!(fallible(0).is_ok());
        ::core::assert!(whole::Type.method().is_ok());
        ::core::assert!(*decided(1) == 1);
        ::core::mem::drop((
            later(1),
            client(::std::string::String::new()),
            boxed(),
            future(),
        ));
    }
}

mod without_prelude {
    use ::tracer_runtime::traced;

    #[traced]
    fn unit() {}

    #[traced(args(*), ret)]
    fn fallible(a: u8) -> ::core::result::Result<u8, ()> {
        if a == 0 {
            return ::core::result::Result::Err(());
        }
        ::core::result::Result::Ok(a)
    }

    #[test]
    fn all_of_it_runs() {
        unit();
        ::core::assert!(fallible(1).is_ok());
    }
}

/// Names that the expansion uses for itself.
mod names {
    use ::core::convert::From as _;
    use ::std::string::String;
    use ::tracer_runtime::traced;

    macro_rules! parameters {
        ($($name:ident)*) => {$(
            mod $name {
                use super::*;

                #[traced(args($name), fields(again = ?$name), ret)]
                pub(super) fn sync($name: String) -> ::core::result::Result<String, String> {
                    if $name.is_empty() {
                        return ::core::result::Result::Err($name);
                    }
                    ::core::result::Result::Ok($name)
                }

                #[traced(args($name), fields(again = ?$name), ret, client, links = ::core::iter::empty::<::tracer_runtime::Link>())]
                pub(super) async fn later($name: String) -> ::core::result::Result<String, String> {
                    ::core::result::Result::Ok($name)
                }
            }
        )*

            #[test]
            fn of_parameters() {
                $(
                    ::core::assert!($name::sync(String::from("text")).is_ok());
                    ::core::mem::drop($name::later(String::new()));
                )*
            }
        };
    }
    parameters! {
        guard value kind good bad start future carrier held describe result error caller
        __guard __r __TRACED __traced_guard __traced_value __traced_held __traced_p0 __self
    }

    #[traced]
    fn hidden_names(__traced_p1: u8, (a, b): (u8, u8), __traced_p0: String) -> u8 {
        a + b + __traced_p1
    }

    #[test]
    fn next_to_hidden_ones() {
        ::core::assert!(hidden_names(1, (2, 3), String::new()) == 6);
    }
}
