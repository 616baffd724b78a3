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
    // SAFETY: the caller's promise.
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
        // SAFETY: it is given a reference.
        assert_eq!(unsafe { dangerous(&1) }.await, 1);
        assert_eq!(not_send(Rc::default()).await, 0);
        assert_eq!(inner_attributes().await, 2);
        assert_eq!(tokio::spawn(recursive(1)).await.unwrap().unwrap(), 1);
        let stopped = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(forever(
            "x".to_owned(),
        )));
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
fn works_first_in_a_box(text: &str) -> futures_util::future::BoxFuture<'_, Result<usize, String>> {
    unit_of_work();
    if text.is_empty() {
        return Box::pin(async { Err("empty".to_owned()) });
    }
    Box::pin(async move { Ok(text.len()) })
}

#[traced]
fn works_first_in_a_local_box(n: Rc<u32>) -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
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
