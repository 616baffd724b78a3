use super::*;

#[async_trait::async_trait]
trait Store: Sync {
    async fn get(&self, key: &str) -> Result<String, String>;
    async fn put(&mut self, key: String) -> Result<(), String>;

    #[traced]
    async fn twice(&self, key: &str) -> Result<String, String> {
        let first = self.get(key).await?;
        Ok(format!("{first}{first}"))
    }
}

#[derive(Clone, Default)]
struct Memory(String);

#[async_trait::async_trait]
impl Store for Memory {
    #[traced(args(key), fields(name = self.0.as_str()))]
    async fn get(&self, key: &str) -> Result<String, String> {
        if key.is_empty() {
            return Err("no key".to_owned());
        }
        Ok(format!("{}{key}", self.0))
    }

    #[traced(args(key))]
    async fn put(&mut self, key: String) -> Result<(), String> {
        self.0 = key;
        Ok(())
    }
}

struct Above(u32);

#[traced]
#[async_trait::async_trait]
impl Store for Above {
    async fn get(&self, _key: &str) -> Result<String, String> {
        tokio::task::yield_now().await;
        Err(self.0.to_string())
    }

    async fn put(&mut self, mut key: String) -> Result<(), String> {
        key.push('!');
        self.0 += 1;
        Ok(())
    }
}

struct Below(u32);

#[async_trait::async_trait]
#[traced]
impl Store for Below {
    async fn get(&self, _key: &str) -> Result<String, String> {
        Err(self.0.to_string())
    }

    async fn put(&mut self, key: String) -> Result<(), String> {
        self.0 += u32::try_from(key.len()).unwrap();
        Ok(())
    }
}

#[test]
fn async_trait() {
    let ((), text) = run(async {
        let mut memory = Memory("m".to_owned());
        memory.get("k").await.unwrap();
        memory.twice("").await.unwrap_err();
        memory.put("k".to_owned()).await.unwrap();
        let mut above = Above(1);
        above.put("k".to_owned()).await.unwrap();
        above.get("").await.unwrap_err();
        let mut below = Below(1);
        below.put("k".to_owned()).await.unwrap();
        below.get("").await.unwrap_err();
    });
    assert_eq!(
        text,
        "get [ok] {key=\"k\", name=\"m\"}\n\
         twice [error: no key]\n  get [error: no key] {key=\"\", name=\"m\"}\n\
         put [ok] {key=\"k\"}\n\
         Above::put [ok]\nAbove::get [error: 2]\nBelow::put [ok]\nBelow::get [error: 2]\n"
    );
}

#[traced]
#[tokio::main(flavor = "current_thread")]
async fn main_below() -> Result<u32, String> {
    Err("main".to_owned())
}

#[tokio::main(flavor = "current_thread")]
#[traced]
async fn main_above() -> Result<u32, String> {
    Err("main".to_owned())
}

#[test]
fn tokio_main() {
    let (_, text) = tree(|| (main_below(), main_above()));
    assert_eq!(text, "main_below [error: main]\nmain_above [error: main]\n");
}

#[traced]
#[tokio::test]
async fn tokio_test_below() {
    tokio::task::yield_now().await;
}

#[tokio::test]
#[traced]
async fn tokio_test_above() -> Result<(), String> {
    tokio::task::yield_now().await;
    Ok(())
}

#[traced]
#[test]
#[should_panic(expected = "on purpose")]
fn test_below() {
    panic!("on purpose");
}

#[traced]
fn unfinished() -> u32 {
    todo!("not yet")
}

#[traced]
fn unfinished_result() -> Result<u32, String> {
    todo!("not yet")
}

#[traced]
#[track_caller]
fn unfinished_with_location() -> Result<u32, String> {
    todo!("not yet")
}

#[test]
fn bodies_that_only_panic() {
    let (_, text) = tree(|| {
        std::panic::catch_unwind(unfinished).unwrap_err();
        std::panic::catch_unwind(unfinished_result).unwrap_err();
        std::panic::catch_unwind(unfinished_with_location).unwrap_err();
    });
    assert_eq!(
        text,
        "unfinished [panic]\nunfinished_result [panic]\nunfinished_with_location [panic]\n"
    );
}
