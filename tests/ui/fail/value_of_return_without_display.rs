use tracer_runtime::traced;

pub struct Neither;

#[traced(ret(Display))]
pub async fn item() -> Neither {
    Neither
}

fn main() {}
