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

type Boxed<M> = Pin<Box<M>>;

macro_rules! boxes {
    ($($name:ident: $($marker:ident)*;)*) => {
        $(
            #[traced]
            fn $name() -> Boxed<dyn Future<Output = Result<u8, String>> $(+ $marker)*> {
                let error = stringify!($name).to_owned();
                Box::pin(std::future::ready(Err(error)))
            }
        )*

        #[test]
        fn in_a_box_with_any_markers() {
            $(assert_eq!(message(|| block_on($name())), stringify!($name));)*
        }
    };
}
boxes! {
    bare:;
    send: Send;
    sync: Sync;
    unpin: Unpin;
    send_sync: Send Sync;
    send_unpin: Send Unpin;
    sync_unpin: Sync Unpin;
    send_sync_unpin: Send Sync Unpin;
}

trait Repository {
    type Error: Display;
    fn get(&self) -> Result<u8, Self::Error>;
}

struct Broken;

impl Repository for Broken {
    type Error = String;

    fn get(&self) -> Result<u8, Self::Error> {
        Err("broken".to_owned())
    }
}

#[traced]
fn associated<R: Repository>(repository: &R) -> Result<u8, R::Error> {
    repository.get()
}

#[traced]
fn input_output() -> std::io::Result<()> {
    Err(std::io::Error::other("disk"))
}

#[traced]
fn borrowed_error() -> Result<(), &'static dyn Error> {
    Err(&Inner)
}

#[traced]
fn shared_error() -> Result<(), std::sync::Arc<dyn Error + Send + Sync>> {
    Err(std::sync::Arc::new(Inner))
}

#[traced]
fn nested(inner: Result<u8, String>) -> Result<Result<u8, String>, Outer> {
    Ok(inner)
}

#[traced]
fn in_an_option(inner: Result<u8, String>) -> Option<Result<u8, String>> {
    Some(inner)
}

#[test]
fn errors_of_any_sort_have_a_message() {
    assert_eq!(message(|| associated(&Broken)), "broken");
    assert_eq!(message(input_output), "disk");
    assert_eq!(message(borrowed_error), "inner");
    assert_eq!(message(|| shared_error().is_ok()), "inner");
}

#[test]
fn only_the_outermost_result_counts() {
    assert_ok(|| nested(Err("inner".to_owned())));
    assert_ok(|| in_an_option(Err("inner".to_owned())));
}
