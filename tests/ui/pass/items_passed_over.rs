use tracer_runtime::traced;

#[traced]
mod inner {
    macro_rules! make {
        ($name:ident) => {
            pub const fn $name() {}
        };
    }
    make!(made);

    pub trait Declared {
        fn declared(&self);
    }

    pub type Alias = u8;
    pub static STATIC: u8 = 1;

    unsafe extern "C" {
        pub safe fn abs(n: i32) -> i32;
    }

    pub const fn constant() {}

    pub mod empty {}
}

pub trait Shop {
    #[traced]
    fn open(&self);
}

pub struct Type;

#[traced]
impl Type {
    pub const LIMIT: u8 = 1;

    pub const fn constant() -> u8 {
        Self::LIMIT
    }
}

fn main() {
    inner::made();
    inner::constant();
    let _ = (inner::abs(1), inner::STATIC, Type::constant());
}
