use super::*;

#[traced(ret)]
fn number() -> u32 {
    7
}

#[traced(ret)]
fn result(fail: bool) -> Result<Debugged, String> {
    if fail {
        return Err("failed".to_owned());
    }
    Ok(Debugged(1))
}

#[traced(ret(Debug))]
async fn text() -> &'static str {
    "text"
}

#[traced(ret(Display))]
async fn shown() -> Result<Shown, ()> {
    Ok(Shown)
}

#[traced(ret)]
fn opaque() -> impl Iterator<Item = u32> + Debug {
    0..2_u32
}

#[traced(ret)]
fn unit() {}

#[traced(ret)]
fn boxed() -> Pin<Box<dyn Future<Output = u32>>> {
    let n = number();
    Box::pin(async move { n })
}

#[traced(ret, err)]
fn with_err() -> Result<u32, u32> {
    Err(1)
}

#[test]
fn are_recorded() {
    let text = tree(|| {
        number();
        result(false).unwrap();
        result(true).unwrap_err();
        block_on(text());
        block_on(shown()).unwrap();
        let _ = opaque();
        unit();
        block_on(boxed());
        with_err().unwrap_err();
    });
    assert_eq!(
        text,
        "number [ok] {return=7}\n\
         result [ok] {return=\"Debugged(1)\"}\n\
         result [error: failed]\n\
         text [ok] {return=\"\\\"text\\\"\"}\n\
         shown [ok] {return=\"shown\"}\n\
         opaque [ok] {return=\"0..2\"}\n\
         unit [ok] {return=\"()\"}\n\
         boxed [ok] {return=7}\n  number [ok] {return=7}\n\
         with_err [error: 1]\n"
    );
}
