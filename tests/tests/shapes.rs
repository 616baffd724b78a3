//! Every shape of function.
#![deny(warnings)]

use tracer_runtime::{testing::capture, traced};

#[traced]
fn plain(a: u32) -> u32 {
    a + 1
}

#[traced]
async fn asynchronous(a: u32) -> Result<u32, String> {
    tokio::task::yield_now().await;
    if a > 1 {
        return Err("too much".to_owned());
    }
    Ok(a)
}

#[test]
fn first() {
    let capture = capture();
    plain(1);
    let rt = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    rt.block_on(capture.run(async {
        let _ = asynchronous(1).await;
        let _ = asynchronous(2).await;
    }));
    assert_eq!(
        capture.tree(),
        "plain [ok]\nasynchronous [ok]\nasynchronous [error: too much]\n"
    );
}
