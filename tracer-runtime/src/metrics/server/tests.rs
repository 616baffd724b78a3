use super::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use flate2::read::GzDecoder;

/// How long anything may take; much more than it does.
const PATIENCE: Duration = Duration::from_secs(20);

fn server() -> PrometheusServer {
    serve("127.0.0.1:0", PATH, "with_prometheus").expect("any port will do")
}

struct Client {
    stream: BufReader<TcpStream>,
}

#[derive(Debug)]
struct Answer {
    status: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Client {
    fn connect(server: &PrometheusServer) -> Self {
        let stream = TcpStream::connect(server.address()).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
        Self {
            stream: BufReader::new(stream),
        }
    }

    fn send(&mut self, request: &str) {
        let stream = self.stream.get_mut();
        stream
            .write_all(request.as_bytes())
            .expect("the server reads");
    }

    /// Sends a request on the same connection and reads the answer.
    fn ask(&mut self, method: &str, path: &str, headers: &str) -> Answer {
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: here\r\n{headers}\r\n"
        ));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            self.stream
                .read_line(&mut line)
                .expect("the server answers");
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines.remove(0);
        let pairs = lines.iter().filter_map(|line| line.split_once(": "));
        let headers = pairs
            .map(|(k, v)| (k.to_lowercase(), v.to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if method != "HEAD" {
            answer.body.resize(answer.length(), 0);
            self.stream
                .read_exact(&mut answer.body)
                .expect("a whole body");
        }
        answer
    }

    /// Waits until the server closes the connection.
    fn is_closed(&mut self) -> bool {
        match self.stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn length(&self) -> usize {
        let length = self.header("content-length").expect("a length is given");
        length.parse().expect("it is a number")
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }
}

#[test]
fn metrics_are_at_the_path_that_was_chosen_and_nowhere_else() {
    let server = serve("127.0.0.1:0", "/kitexserver", "with_prometheus");
    let server = server.expect("any port will do");
    let mut client = Client::connect(&server);
    let there = client.ask("GET", "/kitexserver?x=1", "");
    assert_eq!(there.status, "HTTP/1.1 200 OK");
    assert!(there.text().contains("tracer_build_info"));
    let elsewhere = client.ask("GET", "/metrics", "");
    assert_eq!(elsewhere.status, "HTTP/1.1 404 Not Found");
    assert_eq!(elsewhere.text(), "not found: metrics are at /kitexserver\n");
}

#[test]
fn metrics_are_served_in_the_format_that_is_asked_for() {
    let server = server();
    let mut client = Client::connect(&server);
    let old = client.ask("GET", "/metrics", "");
    assert_eq!(old.status, "HTTP/1.1 200 OK");
    assert_eq!(
        old.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    assert!(old.text().contains("# TYPE tracer_records_total counter\n"));
    let open = client.ask(
        "GET",
        "/metrics?any=query",
        "Accept: text/plain;q=0.1\r\nAccept: application/openmetrics-text; version=1.0.0\r\n",
    );
    assert_eq!(
        open.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert_eq!(open.header("vary"), Some("Accept, Accept-Encoding"));
    assert!(open.text().ends_with("# EOF\n"));
}

#[test]
fn what_is_asked_for_zipped_comes_zipped() {
    let server = server();
    let answer = Client::connect(&server).ask("GET", "/metrics", "Accept-Encoding: gzip\r\n");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice())
        .read_to_string(&mut text)
        .expect("it is gzip");
    assert!(text.contains("tracer_build_info{"), "{text}");
}

#[test]
fn head_tells_what_get_would_and_nothing_else_is_served() {
    let server = server();
    let mut client = Client::connect(&server);
    let head = client.ask("HEAD", "/metrics", "");
    assert_eq!(head.status, "HTTP/1.1 200 OK");
    assert!(head.length() > 100);
    for path in ["/", "/metrics/", "/favicon.ico", "//metrics"] {
        let answer = client.ask("GET", path, "");
        assert_eq!(answer.status, "HTTP/1.1 404 Not Found", "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "ODD"] {
        let answer = Client::connect(&server).ask(method, "/metrics", "Content-Length: 0\r\n");
        assert_eq!(answer.status, "HTTP/1.1 405 Method Not Allowed", "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
}

#[test]
fn an_address_that_cannot_be_used_is_an_error_that_says_what_to_do() {
    let server = server();
    let taken = server.address().to_string();
    let error = serve(&taken, PATH, "with_prometheus")
        .expect_err("the port is taken")
        .to_string();
    for part in ["with_prometheus", &taken, "in use", "port 0"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    for (address, part) in [
        ("nonsense", "HOST:PORT"),
        ("127.0.0.1", "HOST:PORT"),
        ("127.0.0.1:99999", "HOST:PORT"),
        ("192.0.2.1:0", "of this machine"),
    ] {
        let error = serve(address, PATH, "with_prometheus")
            .expect_err(address)
            .to_string();
        assert!(error.contains(address) && error.contains(part), "{error}");
    }
}

#[test]
fn a_dropped_server_closes_its_connections_and_its_port_in_time() {
    let server = server();
    let address = server.address();
    let mut idle = Client::connect(&server);
    let mut answered = Client::connect(&server);
    answered.ask("GET", "/metrics", "");
    let mut half = Client::connect(&server);
    half.send("GET /metrics HTTP/1.1\r\nHo");
    let begun = Instant::now();
    drop(server);
    assert!(
        begun.elapsed() < Duration::from_millis(1_200),
        "{:?}",
        begun.elapsed()
    );
    assert!(idle.is_closed() && answered.is_closed() && half.is_closed());
    TcpListener::bind(address).expect("the port is free again");
}

#[test]
fn clients_that_wait_make_room_for_the_next_one() {
    let limits = Limits {
        connections: 4,
        header_time: PATIENCE * 10,
        ..Limits::DEFAULT
    };
    let server =
        serve_within("127.0.0.1:0", PATH, "with_prometheus", limits).expect("any port will do");
    let mut idle: Vec<Client> = (0..20)
        .map(|i| {
            let mut client = Client::connect(&server);
            client.send(&"GET /metrics HTTP/1.1\r\nX: "[..i]);
            client
        })
        .collect();
    let answer = Client::connect(&server).ask("GET", "/metrics", "");
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
    assert!(idle[0].is_closed());
}

#[test]
fn a_client_that_never_finishes_its_request_is_let_go() {
    let limits = Limits {
        header_time: Duration::from_millis(50),
        ..Limits::DEFAULT
    };
    let server =
        serve_within("127.0.0.1:0", PATH, "with_prometheus", limits).expect("any port will do");
    let mut client = Client::connect(&server);
    client.send("GET /metrics HTTP/1.1\r\n");
    assert!(client.is_closed());
    let mut idle = Client::connect(&server);
    idle.ask("GET", "/metrics", "");
    assert!(idle.is_closed());
    let mut silent = Client::connect(&server);
    assert!(silent.is_closed());
}

#[test]
fn a_client_that_never_reads_its_answers_is_let_go() {
    let limits = Limits {
        life_time: Duration::from_millis(200),
        closing_time: Duration::from_millis(50),
        ..Limits::DEFAULT
    };
    let server =
        serve_within("127.0.0.1:0", PATH, "with_prometheus", limits).expect("any port will do");
    let client = Client::connect(&server);
    let mut stream = client.stream.into_inner();
    stream.set_write_timeout(Some(PATIENCE)).expect("not zero");
    let request = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n".repeat(100);
    let begun = Instant::now();
    // Fails once the server has closed the connection.
    while stream.write_all(request.as_bytes()).is_ok() {
        assert!(begun.elapsed() < PATIENCE);
    }
    let answer = Client::connect(&server).ask("GET", "/metrics", "");
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
}

#[test]
fn what_is_no_http_is_refused_and_harms_nobody() {
    let server = server();
    for garbage in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
        format!("GET /metrics HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(5_000)),
    ] {
        let mut client = Client::connect(&server);
        // The server may close before it has read everything.
        let _ = client.stream.get_mut().write_all(garbage.as_bytes());
        assert!(client.is_closed());
    }
    let answer = Client::connect(&server).ask("GET", "/metrics", "");
    assert_eq!(answer.status, "HTTP/1.1 200 OK");
}
