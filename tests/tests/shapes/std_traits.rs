//! Impls of the traits of the standard library, whole: their signatures are given.

use super::*;
use std::fmt;
use std::ops::{Add, Deref, DerefMut, Index};
use std::str::FromStr;
use std::task::{Context, Poll};

#[derive(Default)]
struct Shelf<T>(Vec<T>);

#[traced]
impl<T> Drop for Shelf<T> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

#[traced]
impl<T: Debug> Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)?;
        Ok(())
    }
}

#[traced]
impl<T> Deref for Shelf<T> {
    type Target = [T];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

#[traced]
impl<T> DerefMut for Shelf<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[traced]
impl<T> Index<&str> for Shelf<T> {
    type Output = T;

    fn index(&self, _name: &str) -> &T {
        &self.0[0]
    }
}

#[traced]
impl FromStr for Shelf<u8> {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(vec![text.parse()?]))
    }
}

#[traced]
impl<T: Clone> Iterator for Shelf<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.pop()
    }
}

struct Meters(u32);

#[traced]
impl Add for Meters {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

struct Immediately(u8);

#[traced]
impl Future for Immediately {
    type Output = Result<u8, String>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        task.waker().wake_by_ref();
        Poll::Ready(Ok(self.0))
    }
}

#[test]
fn can_be_annotated() {
    let ((), text) = run(async {
        let mut shelf: Shelf<u8> = "7".parse().unwrap();
        "x".parse::<Shelf<u8>>().unwrap_err();
        assert_eq!(format!("{shelf:?}"), "[7]");
        shelf.deref_mut()[0] += u8::try_from(shelf.len()).unwrap();
        assert_eq!(shelf["first"], 8);
        assert_eq!(shelf.next(), Some(8));
        drop(shelf);
        assert_eq!((Meters(1) + Meters(2)).0, 3);
        assert_eq!(Immediately(1).await, Ok(1));
    });
    assert_eq!(
        text,
        "Shelf::from_str [ok]\nShelf::from_str [error: invalid digit found in string]\nShelf::fmt [ok]\n\
         Shelf::deref [ok]\nShelf::deref_mut [ok]\nShelf::index [ok]\nShelf::next [ok]\nShelf::drop [ok]\n\
         Meters::add [ok]\nImmediately::poll [ok]\n"
    );
}

trait Named {
    fn name(&self) -> Result<String, String>;
}

mod elsewhere {
    pub(super) mod deeper {
        pub(in super::super) struct Generic<'a, T: ?Sized>(pub(in super::super) &'a T);
    }
}

#[traced]
impl<T: Display + ?Sized> Named for elsewhere::deeper::Generic<'_, T> {
    fn name(&self) -> Result<String, String> {
        Ok(self.0.to_string())
    }
}

#[traced]
impl<A, B> Named for (A, B) {
    fn name(&self) -> Result<String, String> {
        Err("a tuple".to_owned())
    }
}

#[traced]
impl<A, const N: usize> Named for [A; N] {
    fn name(&self) -> Result<String, String> {
        Ok(N.to_string())
    }
}

#[traced]
impl Named for &dyn Debug {
    fn name(&self) -> Result<String, String> {
        Ok(format!("{self:?}"))
    }
}

#[test]
fn the_type_is_the_last_segment_of_the_self_type() {
    let (_, text) = tree(|| {
        let _ = elsewhere::deeper::Generic("x").name();
        let _ = (1, 2).name();
        let _ = [1, 2].name();
        let _ = (&1 as &dyn Debug).name();
    });
    assert_eq!(
        text,
        "Generic::name [ok]\n(A,B)::name [error: a tuple]\n[A;N]::name [ok]\nDebug::name [ok]\n"
    );
}
