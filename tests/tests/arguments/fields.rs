use super::*;

const KEY: &str = "from.constant";

struct Shop {
    id: u32,
}

impl Shop {
    const KEY: &'static str = "from.type";

    fn name(&self) -> String {
        format!("shop {}", self.id)
    }

    #[traced(fields(id = self.id, name = %self.name(), %self.id, {Self::KEY} = 1))]
    fn open(&self) {}
}

#[traced(fields(
    one = a + 1,
    two.three = ?b,
    four = %Shown,
    "with space" = true,
    {KEY} = "constant",
    r#type.fn = 'k',
    a,
    empty,
    also.empty,
    text = b.0.to_string(),
))]
fn every_form(a: u32, b: Debugged) {
    drop(b);
}

#[traced(fields(early = true))]
fn set_later() {
    tracer_runtime::record("early", false);
    tracer_runtime::record("late", 1);
}

#[traced(fields(a = calls(), error = "not ours"))]
async fn method_names_do_not_clash(a: Clashing) -> u32 {
    tokio::task::yield_now().await;
    a.capture()
}

struct Clashing;

impl Clashing {
    fn capture(&self) -> u32 {
        3
    }
}

fn calls() -> u32 {
    let clashing = Clashing;
    clashing.capture()
}

#[test]
fn in_every_form() {
    let text = tree(|| {
        every_form(1, Debugged(2));
        Shop { id: 7 }.open();
        set_later();
        assert_eq!(block_on(method_names_do_not_clash(Clashing)), 3);
    });
    assert_eq!(
        text,
        "every_form [ok] {one=2, two.three=\"Debugged(2)\", four=\"shown\", with space=true, \
         from.constant=\"constant\", type.fn=\"k\", a=1, text=\"2\"}\n\
         open [ok] {id=7, name=\"shop 7\", self.id=\"7\", from.type=1}\n\
         set_later [ok] {early=false, late=1}\n\
         method_names_do_not_clash [ok] {a=3, error=\"not ours\"}\n"
    );
}

#[traced(fields(a, b))]
fn bare(a: u32) -> u32 {
    a
}

#[test]
fn regression_9_a_bare_name_of_a_parameter_records_it() {
    assert_eq!(tree(|| bare(1)), "bare [ok] {a=1}\n");
}

#[test]
fn nothing_is_evaluated_when_nothing_records() {
    #[traced(fields(a = never()))]
    fn lazy() {}
    fn never() -> u32 {
        panic!("evaluated")
    }
    lazy();
}
