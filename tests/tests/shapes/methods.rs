use super::*;

#[derive(Default, Clone)]
struct Shop {
    name: String,
    other: String,
}

impl Shop {
    #[traced]
    fn new() -> Self {
        Self::default()
    }

    #[traced]
    fn by_reference(&self) -> &str {
        &self.name
    }

    #[traced]
    fn by_mutable_reference(&mut self, text: &str) -> Result<&mut Self, String> {
        let first = text.chars().next().ok_or("nothing")?;
        self.name.push(first);
        Ok(self)
    }

    #[traced]
    fn by_value(self) -> String {
        self.name
    }

    #[traced]
    fn by_mutable_value(mut self, more: String) -> Result<Self, ()> {
        self.name.push_str(&more);
        self.other = more;
        Ok(self)
    }

    #[traced]
    fn boxed(self: Box<Self>) -> Self {
        *self
    }

    #[traced]
    fn counted(self: Arc<Self>, n: u32) -> Option<Arc<Self>> {
        if n == 0 {
            return None;
        }
        Some(self)
    }

    #[traced]
    fn counted_reference(self: &Rc<Self>) -> Rc<Self> {
        Rc::clone(self)
    }

    #[traced]
    fn pinned(self: Pin<&mut Self>) -> usize {
        self.name.len()
    }

    #[traced]
    fn never(self) -> ! {
        panic!("{}", self.name)
    }

    #[traced]
    async fn later(&self, more: &str) -> Result<String, String> {
        tokio::task::yield_now().await;
        Ok(format!("{}{more}", self.name))
    }

    #[traced]
    async fn later_by_value(mut self, more: String) -> String {
        self.name.push_str(&more);
        self.name
    }

    #[traced]
    async fn later_mutably(&mut self, mut more: String) -> &mut String {
        more.push('!');
        self.name.push_str(&more);
        &mut self.name
    }
}

#[test]
fn take_any_self() {
    let ((), text) = run(async {
        let mut shop = Shop::new();
        assert_eq!(shop.by_reference(), "");
        shop.by_mutable_reference("a").unwrap();
        assert_eq!(shop.clone().by_value(), "a");
        let shop = shop.by_mutable_value("b".to_owned()).unwrap();
        assert_eq!(shop.other, "b");
        let mut shop = Box::new(shop).boxed();
        assert!(Arc::new(shop.clone()).counted(0).is_none());
        let shared = Rc::new(shop.clone());
        assert_eq!(Rc::strong_count(&shared.counted_reference()), 2);
        assert_eq!(Pin::new(&mut shop).pinned(), 2);
        assert_eq!(shop.later("c").await.unwrap(), "abc");
        assert_eq!(shop.clone().later_by_value("d".to_owned()).await, "abd");
        assert_eq!(shop.later_mutably("e".to_owned()).await, "abe!");
        std::panic::catch_unwind(|| shop.never()).unwrap_err();
    });
    assert_eq!(
        text,
        "new [ok]\nby_reference [ok]\nby_mutable_reference [ok]\nby_value [ok]\n\
         by_mutable_value [ok]\nboxed [ok]\ncounted [ok]\ncounted_reference [ok]\npinned [ok]\n\
         later [ok]\nlater_by_value [ok]\nlater_mutably [ok]\nnever [panic]\n"
    );
}

trait Animal {
    #[traced]
    fn declared(&self) -> String;

    #[traced]
    fn provided(&self) -> Result<String, String> {
        Ok(self.declared())
    }

    #[traced]
    async fn declared_later(&self) -> String;

    #[traced]
    async fn provided_later(&self, n: u32) -> Result<String, String> {
        if n > 1 {
            return Err("n".to_owned());
        }
        Ok(self.declared_later().await)
    }
}

struct Cat;

impl Animal for Cat {
    #[traced]
    fn declared(&self) -> String {
        "cat".to_owned()
    }

    #[traced]
    async fn declared_later(&self) -> String {
        tokio::task::yield_now().await;
        "late cat".to_owned()
    }
}

#[test]
fn of_traits() {
    let ((), text) = run(async {
        assert_eq!(Cat.provided().unwrap(), "cat");
        assert_eq!(Cat.provided_later(1).await.unwrap(), "late cat");
        Cat.provided_later(2).await.unwrap_err();
    });
    assert_eq!(
        text,
        "provided [ok]\n  declared [ok]\nprovided_later [ok]\n  declared_later [ok]\n\
         provided_later [error: n]\n"
    );
}
