use super::*;
use tracer_runtime::Link;

#[traced]
fn outer<T>(inner: impl FnOnce(Context) -> T) -> T {
    inner(Context::current())
}

#[traced(root)]
fn root() {}

#[traced(root)]
async fn root_later() {}

#[traced(parent = cx)]
fn under(cx: Context) {}

#[traced(parent = cx, args(n))]
async fn under_later(cx: &Context, n: String) -> usize {
    n.len()
}

struct Job {
    context: Option<Context>,
}

impl Job {
    #[traced(parent = self.context)]
    fn run(self) -> Result<(), String> {
        if self.context.is_none() {
            return Err("no context".to_owned());
        }
        Ok(())
    }

    #[traced(parent = self.context)]
    async fn run_later(self) {
        tokio::task::yield_now().await;
    }
}

#[traced(links = [link.clone()])]
fn linked(link: Link) {}

#[traced(root, links = links.iter().cloned())]
async fn root_linked(links: Vec<Link>) -> usize {
    links.len()
}

#[test]
fn under_a_context_or_nothing() {
    let text = tree(|| {
        let mut context = None;
        outer(|cx| {
            context = Some(cx);
            root();
            block_on(root_later());
            outer(|_| under(cx));
            outer(|_| block_on(under_later(&cx, "n".to_owned())));
            outer(|_| Job { context: Some(cx) }.run()).unwrap();
            outer(|_| block_on(Job { context: Some(cx) }.run_later()));
        });
        Job { context: None }.run().unwrap_err();
    });
    assert_eq!(
        text,
        "outer [ok]\n  outer [ok]\n  under [ok]\n  outer [ok]\n  under_later [ok] {n=\"n\"}\n\
         \x20 outer [ok]\n  run [ok]\n  outer [ok]\n  run_later [ok]\n\
         root [ok]\nroot_later [ok]\nrun [error: no context]\n"
    );
}

#[test]
fn with_links() {
    let text = tree(|| {
        let link = outer(|cx| Link::new(cx.trace_id(), cx.span_id(), cx.is_sampled()));
        outer(|_| linked(link.clone()));
        outer(|_| block_on(root_linked(vec![link])));
    });
    assert_eq!(
        text,
        "outer [ok]\nouter [ok]\n  linked [ok]\nouter [ok]\nroot_linked [ok]\n"
    );
}
