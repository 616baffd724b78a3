use super::*;

#[traced]
fn unit() {}

#[traced]
fn number(a: u32) -> u32 {
    a + 1
}

#[traced]
fn result(a: u32) -> Result<u32, String> {
    if a == 0 {
        Err("zero".to_owned())
    } else {
        Ok(a)
    }
}

#[traced]
fn question_mark(text: &str) -> Result<u32, std::num::ParseIntError> {
    let n: u32 = text.parse()?;
    Ok(n + 1)
}

#[traced]
fn early_return(a: u32) -> u32 {
    if a == 0 {
        return 7;
    }
    a
}

#[traced]
fn early_return_of_nothing(a: u32) {
    if a == 0 {
        return;
    }
    number(a);
}

#[traced]
unsafe fn dangerous(a: *const u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { *a }
}

#[traced]
extern "C" fn foreign(a: u32) -> u32 {
    a
}

#[traced]
fn generic<T, const N: usize>(items: [T; N]) -> Result<String, String>
where
    T: Display + Clone,
{
    let all: Vec<String> = items.iter().map(|item| item.clone().to_string()).collect();
    Ok(all.join(","))
}

#[traced]
fn opaque(base: impl Fn(u32) -> u32) -> impl Iterator<Item = u32> {
    let start = base(0);
    (start..).take(2)
}

#[traced]
fn nested_opaque(fail: bool) -> Result<impl Display, impl Debug> {
    if fail {
        return Err("no");
    }
    Ok(format!("{}", 5))
}

#[traced]
fn borrowed<'a>(text: &'a str, _other: &str) -> &'a str {
    &text[1..]
}

#[traced]
fn borrowed_mut(items: &mut Vec<u32>) -> &mut u32 {
    &mut items[0]
}

#[traced]
fn borrowed_in_result(items: &mut Vec<u32>) -> Result<&mut u32, String> {
    let first = items.first_mut().ok_or_else(|| "empty".to_owned())?;
    Ok(first)
}

#[traced]
fn destructured((a, b): (u32, String), [c, ..]: [u32; 3], &d: &u32) -> u32 {
    a + u32::try_from(b.len()).unwrap() + c + d
}

struct Point {
    x: u32,
    y: String,
}

#[traced]
fn fields(Point { x, ref y }: Point, mut n: u32, mut s: String) -> Result<String, ()> {
    n += x;
    s.push_str(y);
    Ok(format!("{n}{s}"))
}

#[traced]
fn ref_mut(ref mut a: String, (ref mut b, _): (String, u32)) -> usize {
    a.push('x');
    b.push('y');
    a.len() + b.len()
}

#[traced]
fn ignored(_: String, _unused: String) -> Option<u32> {
    None
}

#[traced]
fn at_pattern(n @ 0..=255: u8) -> u8 {
    n
}

#[traced]
fn labels(limit: u32) -> Result<u32, String> {
    let mut sum = 0;
    'outer: for i in 0.. {
        for j in 0..i {
            sum += j;
            if sum > limit {
                break 'outer;
            }
            if j > 3 {
                continue 'outer;
            }
        }
    }
    let value = 'block: {
        if sum > 1000 {
            break 'block Err("large".to_owned());
        }
        Ok(sum)
    };
    value?;
    Ok(sum)
}

#[traced]
fn recursive(n: u32) -> u32 {
    if n == 0 { 0 } else { 1 + recursive(n - 1) }
}

#[traced]
fn never() -> ! {
    panic!("never returns")
}

#[traced]
fn r#match(r#type: String) -> String {
    r#type
}

#[traced]
fn function_in_function() -> u32 {
    fn inner() -> Result<u32, ()> {
        Ok(1)
    }
    inner().unwrap()
}

#[traced]
fn closure_returned(add: String) -> Box<dyn Fn(&str) -> String> {
    Box::new(move |text| format!("{text}{add}"))
}

#[traced]
fn inner_attributes() -> u32 {
    #![allow(unused_variables)]
    let not_used = 1;
    2
}

#[traced]
#[must_use]
#[inline]
#[doc = "documented"]
pub(super) fn other_attributes() -> u32 {
    3
}

#[cfg_attr(all(), traced)]
fn behind_cfg_attr() {}

#[traced]
fn conditional_parameters(
    #[cfg(not(miri))] a: String,
    #[cfg(miri)] a: u32,
    #[allow(unused_variables)] b: String,
) -> Result<String, String> {
    Ok(a)
}

macro_rules! make {
    ($(#[$meta:meta])* $name:ident, $param:ident: $ty:ty, $ret:ty, $body:expr) => {
        $(#[$meta])*
        #[traced]
        fn $name($param: $ty, extra: String) -> $ret {
            let _ = extra.len();
            $body
        }
    };
}
make!(#[allow(dead_code)] from_macro, a: String, Result<String, String>, Ok(a));
make!(from_macro_with_same_name, extra: String, String, extra);

#[test]
fn run_to_their_end() {
    let ((), text) = tree(|| {
        unit();
        assert_eq!(number(1), 2);
        assert_eq!(early_return(0), 7);
        early_return_of_nothing(0);
        early_return_of_nothing(1);
        // SAFETY: it is given a reference.
        assert_eq!(unsafe { dangerous(&5) }, 5);
        assert_eq!(foreign(1), 1);
        assert_eq!(generic([1, 2]).unwrap(), "1,2");
        assert_eq!(opaque(|a| a + 1).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(nested_opaque(false).ok().unwrap().to_string(), "5");
        assert_eq!(borrowed("abc", "x"), "bc");
        *borrowed_mut(&mut vec![1]) += 1;
        *borrowed_in_result(&mut vec![1]).unwrap() += 1;
        assert_eq!(destructured((1, "ab".to_owned()), [3, 4, 5], &6), 12);
        let point = Point {
            x: 1,
            y: "y".to_owned(),
        };
        assert_eq!(fields(point, 1, "s".to_owned()).unwrap(), "2sy");
        assert_eq!(ref_mut(String::new(), (String::new(), 1)), 2);
        assert_eq!(ignored(String::new(), String::new()), None);
        assert_eq!(at_pattern(7), 7);
        assert!(labels(10).is_ok());
        assert_eq!(recursive(1), 1);
        assert_eq!(r#match("t".to_owned()), "t");
        assert_eq!(function_in_function(), 1);
        assert_eq!(closure_returned("b".to_owned())("a"), "ab");
        assert_eq!(inner_attributes(), 2);
        assert_eq!(other_attributes(), 3);
        behind_cfg_attr();
        assert_eq!(conditional_parameters("a".into(), "b".into()).unwrap(), "a");
        assert_eq!(from_macro("a".into(), "b".into()).unwrap(), "a");
        assert_eq!(from_macro_with_same_name("a".into(), "b".into()), "a");
    });
    let expected = [
        "unit",
        "number",
        "early_return",
        "early_return_of_nothing",
        "early_return_of_nothing",
        "  number",
        "dangerous",
        "foreign",
        "generic",
        "opaque",
        "nested_opaque",
        "borrowed",
        "borrowed_mut",
        "borrowed_in_result",
        "destructured",
        "fields",
        "ref_mut",
        "ignored",
        "at_pattern",
        "labels",
        "recursive",
        "  recursive",
        "match",
        "function_in_function",
        "closure_returned",
        "inner_attributes",
        "other_attributes",
        "behind_cfg_attr",
        "conditional_parameters",
        "from_macro",
        "from_macro_with_same_name",
    ];
    let expected: String = expected
        .iter()
        .map(|name| format!("{name} [ok]\n"))
        .collect();
    assert_eq!(text, expected);
}

#[test]
fn fail_and_unwind() {
    let (_, text) = tree(|| {
        assert!(result(0).is_err());
        assert!(question_mark("x").is_err());
        assert!(nested_opaque(true).is_err());
        assert!(borrowed_in_result(&mut vec![]).is_err());
        let panic = std::panic::catch_unwind(|| never()).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "never returns");
    });
    assert_eq!(
        text,
        "result [error: zero]\n\
         question_mark [error: invalid digit found in string]\n\
         nested_opaque [error: no]\n\
         borrowed_in_result [error: empty]\n\
         never [panic]\n"
    );
}
