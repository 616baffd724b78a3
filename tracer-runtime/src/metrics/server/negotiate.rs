//! Which format and which coding a client wants.
//!
//! <https://www.rfc-editor.org/rfc/rfc9110#name-content-negotiation-fields>

use super::super::openmetrics::Format;

/// How much a client wants something, in thousandths; 0 is not at all.
type Quality = u16;

/// The format for an `Accept` header. Prometheus 0.0.4 is what every client reads, so it is also the answer to those
/// that want neither.
pub(super) fn format(accept: &str) -> Format {
    let open = wanted(accept, "application", "openmetrics-text", "1.0.0");
    let old = wanted(accept, "text", "plain", "0.0.4");
    // Where both are wanted alike, the better one; but not for a client that just takes anything.
    let better = open.quality > old.quality || open.quality == old.quality && open.named;
    if better && open.quality > 0 {
        Format::OpenMetrics
    } else {
        Format::Prometheus
    }
}

#[derive(Default)]
struct Wanted {
    quality: Quality,
    /// Not just by a range such as `*/*`.
    named: bool,
}

/// The most specific range that matches decides.
fn wanted(accept: &str, kind: &str, subtype: &str, version: &str) -> Wanted {
    let mut best = (0, Wanted::default());
    for range in accept.split(',') {
        let (media, parameters) = range.split_once(';').unwrap_or((range, ""));
        let Some((its_kind, its_subtype)) = media.trim().split_once('/') else {
            continue;
        };
        let mut specificity = match (its_kind, its_subtype) {
            ("*", "*") => 1,
            (k, "*") if k.eq_ignore_ascii_case(kind) => 2,
            (k, s) if k.eq_ignore_ascii_case(kind) && s.eq_ignore_ascii_case(subtype) => 3,
            _ => continue,
        };
        match parameter(parameters, "version") {
            Some(its) if its == version => specificity += 1,
            Some(_) => continue,
            None => {}
        }
        let Some(quality) = quality(parameters) else {
            continue;
        };
        if specificity > best.0 {
            let named = specificity >= 3;
            best = (specificity, Wanted { quality, named });
        }
    }
    best.1
}

/// Whether an `Accept-Encoding` header asks for gzip.
pub(super) fn gzip(accept_encoding: &str) -> bool {
    let (mut gzip, mut any, mut identity) = (None, None, None);
    for coding in accept_encoding.split(',') {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = quality(parameters);
        } else if name == "*" {
            any = quality(parameters);
        } else if name.eq_ignore_ascii_case("identity") {
            identity = quality(parameters);
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    gzip > 0 && gzip >= identity.unwrap_or(0)
}

/// The parameter `q`; `None` where it is no number.
fn quality(parameters: &str) -> Option<Quality> {
    let Some(q) = parameter(parameters, "q") else {
        return Some(1000);
    };
    let q: f32 = q.parse().ok()?;
    (0.0..=1.0).contains(&q).then_some((q * 1000.0) as Quality)
}

fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = parameters.split(';').filter_map(|p| p.split_once('='));
    let found = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_the_client_wants_most() {
        use Format::{OpenMetrics, Prometheus};
        for (accept, expected) in [
            ("", Prometheus),
            ("*/*", Prometheus),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Prometheus),
            ("application/json", Prometheus),
            ("nonsense;;,/,;q", Prometheus),
            ("application/openmetrics-text", OpenMetrics),
            (
                "Application/OpenMetrics-Text; Version=\"1.0.0\"",
                OpenMetrics,
            ),
            ("application/openmetrics-text;version=0.0.1", Prometheus),
            (
                "application/openmetrics-text;version=2.0.0,*/*;q=0.1",
                Prometheus,
            ),
            ("application/openmetrics-text;q=0", Prometheus),
            ("application/openmetrics-text;q=1.5", Prometheus),
            ("text/plain, application/openmetrics-text", OpenMetrics),
            ("text/plain, application/openmetrics-text;q=0.9", Prometheus),
            ("application/*;q=0.9, text/*;q=0.5", OpenMetrics),
            ("text/plain;q=0, */*", OpenMetrics),
            // Prometheus 2.42 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                 text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,\
                 text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            assert_eq!(format(accept), expected, "{accept}");
        }
    }

    #[test]
    fn gzip_is_used_where_it_is_asked_for() {
        for (header, expected) in [
            ("", false),
            ("gzip", true),
            ("br, GZip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.2, identity;q=0.8", false),
            ("*", true),
            ("*;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("deflate, br", false),
        ] {
            assert_eq!(gzip(header), expected, "{header}");
        }
    }
}
