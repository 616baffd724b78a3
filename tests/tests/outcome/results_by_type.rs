use super::*;

type Alias<T> = std::result::Result<T, Outer>;
type WholeAlias = Alias<u32>;

#[traced]
fn aliased() -> Alias<u32> {
    Err(Outer(Inner))
}

#[traced]
fn whole_alias() -> WholeAlias {
    Err(Outer(Inner))
}

#[traced]
fn generic<T, E>(result: Result<T, E>) -> Result<T, E> {
    result
}

#[traced]
fn generic_error<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced]
fn opaque_value() -> Result<impl Display, String> {
    if true { Err("no".to_owned()) } else { Ok(1) }
}

#[traced]
fn generic_value<T>(value: T) -> T {
    value
}

#[traced]
fn opaque(value: Result<u32, String>) -> impl Debug {
    value
}

#[traced]
async fn later() -> WholeAlias {
    tokio::task::yield_now().await;
    Err(Outer(Inner))
}

#[traced]
async fn generic_later<T, E>(result: Result<T, E>) -> Result<T, E> {
    result
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + Sync + 'a>>;
type BoxResult = BoxFuture<'static, WholeAlias>;

#[traced]
fn boxed_later() -> BoxResult {
    Box::pin(async { Err(Outer(Inner)) })
}

#[traced]
fn boxed_after_work(fail: bool) -> BoxResult {
    if fail {
        return Box::pin(std::future::ready(Err(Outer(Inner))));
    }
    Box::pin(std::future::ready(Ok(1)))
}

#[test]
fn every_result_in_the_signature_counts() {
    assert_eq!(message(aliased), "outer");
    assert_eq!(message(whole_alias), "outer");
    assert_eq!(message(opaque_value), "no");
    assert_eq!(message(|| block_on(later())), "outer");
    assert_eq!(message(|| block_on(boxed_later())), "outer");
    assert_eq!(message(|| block_on(boxed_after_work(true))), "outer");
    assert_ok(|| block_on(boxed_after_work(false)));
}

#[test]
fn inside_generic_functions_only_the_bounds_count() {
    let (error_type, text) = failure(|| generic::<(), _>(Err(Outer(Inner))));
    assert_eq!((error_type.as_str(), text), ("outcome::Outer", None));
    assert_eq!(message(|| generic_error(Outer(Inner))), "outer");
    assert_eq!(
        failure(|| block_on(generic_later::<(), _>(Err(Inner)))).1,
        None
    );
    assert_ok(|| generic::<_, ()>(Ok(1)));
}

#[test]
fn what_the_signature_does_not_show_is_ok() {
    assert_ok(|| generic_value(Err::<(), _>("x")));
    assert_ok(|| opaque(Err(String::new())));
}
