//! An annotated function is still what its callers take it for: a function pointer, a callback, one end of a recursion.

use super::*;

#[traced]
async fn recursive_in_a_box(n: u32) -> Result<u32, String> {
    if n == 0 {
        return Ok(0);
    }
    Ok(1 + Box::pin(recursive_in_a_box(n - 1)).await?)
}

#[traced]
async fn ping(n: u32) -> u32 {
    if n == 0 { 0 } else { pong(n - 1).await }
}

#[traced]
fn pong(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { ping(n).await })
}

#[test]
fn recursion_over_the_users_own_box() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let (_, text) = run(async {
        assert_eq!(is_send(recursive_in_a_box(1)).await, Ok(1));
        assert_eq!(is_send(ping(1)).await, 0);
    });
    assert_eq!(
        text,
        "recursive_in_a_box [ok]\n  recursive_in_a_box [ok]\nping [ok]\n  pong [ok]\n    ping [ok]\n"
    );
}

#[traced]
fn double(n: u32) -> u32 {
    n * 2
}

#[traced]
extern "C" fn exported(n: u32) -> u32 {
    n + 1
}

#[traced]
async fn length(text: &str) -> usize {
    tokio::task::yield_now().await;
    text.len()
}

#[traced]
async fn calls_back(f: impl AsyncFn(&str) -> usize) -> usize {
    f("abc").await
}

fn takes_handlers<F, Fut>(handler: F) -> Fut
where
    F: Fn(String) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<u32, String>> + Send + 'static,
{
    handler("5".to_owned())
}

#[traced]
async fn handler(text: String) -> Result<u32, String> {
    text.parse().map_err(|_| text)
}

#[test]
fn pointers_and_callbacks() {
    let (_, text) = run(async {
        let pointers: [fn(u32) -> u32; 1] = [double];
        assert_eq!(pointers[0](1), 2);
        let foreign: extern "C" fn(u32) -> u32 = exported;
        assert_eq!(foreign(1), 2);
        assert_eq!(calls_back(length).await, 3);
        assert_eq!(takes_handlers(handler).await, Ok(5));
        assert_eq!([1, 2].map(double), [2, 4]);
    });
    assert_eq!(
        text,
        "double [ok]\nexported [ok]\ncalls_back [ok]\n  length [ok]\nhandler [ok]\ndouble [ok]\ndouble [ok]\n"
    );
}

#[traced]
#[inline]
#[target_feature(enable = "sse2")]
#[cfg(target_arch = "x86_64")]
fn with_a_target_feature(n: u32) -> Result<u32, String> {
    #[target_feature(enable = "sse2")]
    fn also(n: u32) -> u32 {
        n
    }
    if n == 0 {
        return Err("zero".to_owned());
    }
    Ok(also(n))
}

#[test]
#[cfg(target_arch = "x86_64")]
fn target_features_reach_the_body() {
    // SAFETY: every x86_64 processor that these tests run on has it.
    assert_eq!(unsafe { with_a_target_feature(1) }, Ok(1));
}

#[traced]
async fn selects(n: u32) -> Result<u32, String> {
    tokio::select! {
        n = async { n } => {
            if n == 2 {
                return Err("two".to_owned());
            }
            Ok(n)
        }
        else => Ok(0),
    }
}

#[traced]
fn local_macro(n: u32) -> Result<u32, String> {
    macro_rules! checked {
        ($e:expr) => {
            if $e > 5 {
                return Err(n.to_string());
            }
        };
    }
    checked!(n);
    Ok(n)
}

#[traced]
fn outer() -> u32 {
    #[traced]
    fn inner(n: u32) -> u32 {
        n
    }
    inner(3)
}

#[test]
fn bodies_may_use_macros_and_items_of_their_own() {
    let (_, text) = run(async {
        selects(2).await.unwrap_err();
        local_macro(6).unwrap_err();
        outer();
    });
    assert_eq!(
        text,
        "selects [error: two]\nlocal_macro [error: 6]\nouter [ok]\n  inner [ok]\n"
    );
}
