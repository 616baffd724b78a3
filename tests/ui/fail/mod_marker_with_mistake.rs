use tracer_runtime::traced;

#[traced]
mod inner {
    #[traced(level = "loud")]
    pub fn item() {}
}

fn main() {
    inner::item();
}
