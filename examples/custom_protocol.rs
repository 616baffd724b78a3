//! A protocol of your own: length-prefixed messages over TCP. The call is driven by hand, so every event of its lifecycle
//! can be told, and the context travels in the head of the message.
//!
//! Run: `cargo run --example custom_protocol`
#![allow(
    clippy::print_stdout,
    reason = "an example talks to the person who runs it"
)]

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracer_runtime::rpc::{
    CHECKSUM_GENERATE_FINISH, CHECKSUM_GENERATE_START, CHECKSUM_VALIDATE_FINISH,
    CHECKSUM_VALIDATE_START, CLIENT_CONN_FINISH, CLIENT_CONN_START, Endpoint, EventStatus,
    READ_FINISH, READ_START, RpcCall, RpcPlan, SERVER_HANDLE_FINISH, SERVER_HANDLE_START,
    WAIT_READ_FINISH, WAIT_READ_START, WRITE_FINISH, WRITE_START,
};
use tracer_runtime::{testing, traced};

/// A message: headers and a body, in front of it their lengths and a checksum.
struct Message {
    headers: HashMap<String, String>,
    body: String,
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(1, |sum, &byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    })
}

/// Sends a message; how many bytes it was.
async fn send(call: &RpcCall, socket: &mut TcpStream, message: &Message) -> io::Result<u64> {
    call.record(WRITE_START);
    let headers: String = message
        .headers
        .iter()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    call.record(CHECKSUM_GENERATE_START);
    let sum = checksum(message.body.as_bytes());
    call.record(CHECKSUM_GENERATE_FINISH);
    socket.write_u32(headers.len() as u32).await?;
    socket.write_u32(message.body.len() as u32).await?;
    socket.write_u32(sum).await?;
    socket.write_all(headers.as_bytes()).await?;
    socket.write_all(message.body.as_bytes()).await?;
    call.record(WRITE_FINISH);
    Ok(message.body.len() as u64)
}

/// The message, the checksum that came with it, and when it can be told: reading begins before a server knows its call.
async fn receive(socket: &mut TcpStream) -> io::Result<(Message, u32)> {
    let lengths = [socket.read_u32().await?, socket.read_u32().await?];
    let sum = socket.read_u32().await?;
    let [headers, body] = lengths.map(|length| vec![0; length as usize]);
    let (mut headers, mut body) = (headers, body);
    socket.read_exact(&mut headers).await?;
    socket.read_exact(&mut body).await?;
    let text = |bytes| String::from_utf8(bytes).map_err(io::Error::other);
    let headers = text(headers)?;
    let pairs = headers.lines().filter_map(|line| line.split_once('='));
    let message = Message {
        headers: pairs
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
        body: text(body)?,
    };
    Ok((message, sum))
}

fn validate(call: &RpcCall, message: &Message, sum: u32) -> io::Result<()> {
    call.record(CHECKSUM_VALIDATE_START);
    if checksum(message.body.as_bytes()) != sum {
        let error = "the checksum is wrong";
        call.record_with(CHECKSUM_VALIDATE_FINISH, EventStatus::Error, error);
        return Err(io::Error::other(error));
    }
    call.record(CHECKSUM_VALIDATE_FINISH);
    Ok(())
}

#[traced]
async fn count_stock(what: &str) -> String {
    format!("{} {what}s", what.len())
}

async fn serve(mut socket: TcpStream) -> io::Result<()> {
    let (request, sum) = receive(&mut socket).await?;
    let method = request.headers.get("method").cloned().unwrap_or_default();
    let plan = RpcPlan::server("shop-rpc")
        .with_service("shop", "Stock")
        .with_method(method)
        .with_seq_id(7)
        .with_protocol("tcp");
    // The caller's context is among the headers.
    let mut call = RpcCall::serve(plan, &request.headers);
    call.record(READ_START);
    validate(&call, &request, sum)?;
    call.record(READ_FINISH);
    call.add_received(1, request.body.len() as u64);

    call.record(SERVER_HANDLE_START);
    let body = call.run(count_stock(&request.body)).await;
    call.record(SERVER_HANDLE_FINISH);

    let answer = Message {
        headers: HashMap::new(),
        body,
    };
    let bytes = send(&call, &mut socket, &answer).await?;
    call.add_sent(1, bytes);
    // Well served, and yet not what was wanted: no failure of the call.
    call.set_biz_status(204, "the shelf is nearly empty");
    call.finish();
    Ok(())
}

async fn exchange(call: &mut RpcCall, address: &str, request: &Message) -> io::Result<String> {
    call.record(CLIENT_CONN_START);
    let mut socket = match TcpStream::connect(address).await {
        Ok(socket) => socket,
        Err(error) => {
            call.record_with(CLIENT_CONN_FINISH, EventStatus::Error, &error.to_string());
            return Err(error);
        }
    };
    call.record(CLIENT_CONN_FINISH);
    let bytes = send(call, &mut socket, request).await?;
    call.add_sent(1, bytes);
    call.record(WAIT_READ_START);
    socket.readable().await?;
    call.record(WAIT_READ_FINISH);
    call.record(READ_START);
    let (answer, sum) = receive(&mut socket).await?;
    validate(call, &answer, sum)?;
    call.record(READ_FINISH);
    call.add_received(1, answer.body.len() as u64);
    Ok(answer.body)
}

async fn ask(address: &str, what: &str) -> io::Result<String> {
    let plan = RpcPlan::client("shop-rpc")
        .with_to(Endpoint::new("stock").with_address(address.to_owned()))
        .with_service("shop", "Stock")
        .with_method("Count")
        .with_rpc_timeout(Duration::from_secs(1));
    let mut request = Message {
        headers: HashMap::from([("method".to_owned(), "Count".to_owned())]),
        body: what.to_owned(),
    };
    let mut call = RpcCall::send(plan, &mut request.headers);
    let answer = exchange(&mut call, address, &request).await;
    match &answer {
        Ok(_) => call.finish(),
        Err(error) => call.fail(error),
    }
    answer
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });

    let capture = testing::capture();
    let answer = capture.run(ask(&address, "apple")).await?;
    println!("{answer}");
    // Nobody listens there.
    assert!(capture.run(ask("127.0.0.1:1", "pear")).await.is_err());

    let tree = capture.tree();
    print!("{tree}");
    assert!(tree.starts_with(
        "shop.Stock/Count [ok]\n  shop.Stock/Count [ok]\n    count_stock [ok]\nshop.Stock/Count [error: "
    ));
    for span in capture
        .spans()
        .iter()
        .filter(|span| span.name() == "shop.Stock/Count")
    {
        let events: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
        println!("{:?}: {}", span.kind(), events.join(" "));
    }
    Ok(())
}
