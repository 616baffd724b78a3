use tracer_runtime::traced;

#[traced]
pub fn number(n: u32) -> u32 {
    let _half = n / 2;
}

#[traced]
pub fn result(n: u32) -> Result<u32, String> {
    let _half = n / 2;
}

#[traced]
pub fn result_with_exits(n: u32) -> Result<u32, String> {
    let n = Ok::<u32, String>(n)?;
    let _half = n / 2;
}

#[traced]
pub fn nothing() -> u32 {}

pub struct Type(String);

impl Type {
    #[traced]
    pub fn by_value(self) -> usize {
        self.0.len();
    }
}

fn main() {}
