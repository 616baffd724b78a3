use super::*;

macro_rules! by_kind {
    ($plain:ident $server:ident $client:ident ($param:ident: $ty:ty) -> $ret:ty $body:block) => {
        #[traced]
        fn $plain($param: $ty) -> $ret $body
        #[traced(kind = server)]
        fn $server($param: $ty) -> $ret $body
        #[traced(kind = client)]
        fn $client($param: $ty) -> $ret $body
    };
}

by_kind!(plain server client (status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
});
by_kind!(plain_err server_err client_err (status: u16) -> Result<(), (StatusCode, &'static str)> {
    Err((StatusCode::from_u16(status).unwrap(), "text"))
});
by_kind!(plain_rpc server_rpc client_rpc (code: Code) -> Result<tonic::Response<()>, Status> {
    Err(Status::new(code, "text"))
});

#[test]
fn http_statuses_by_kind() {
    for (status, in_plain, in_server, in_client) in [
        (200, false, false, false),
        (302, false, false, false),
        (404, false, false, true),
        (500, true, true, true),
        (503, true, true, true),
    ] {
        for (call, fails) in [
            (plain as fn(u16) -> StatusCode, in_plain),
            (server, in_server),
            (client, in_client),
        ] {
            match fails {
                true => assert_eq!(failure(|| call(status)), (status.to_string(), None)),
                false => assert_ok(|| call(status)),
            }
        }
    }
}

#[test]
fn on_a_plain_function_every_err_is_an_error() {
    assert_eq!(failure(|| plain_err(404)).0, "404");
    assert_ok(|| server_err(404));
    assert_eq!(failure(|| server_err(500)).0, "500");
    assert_eq!(failure(|| client_err(404)).0, "404");
}

#[traced]
fn response(status: u16) -> Response<String> {
    Response::builder()
        .status(status)
        .body(String::new())
        .unwrap()
}

#[traced]
fn response_in_result(status: u16) -> Result<Response<()>, String> {
    Ok(Response::builder().status(status).body(()).unwrap())
}

#[traced]
async fn tuple(status: u16) -> (StatusCode, Vec<u8>, String) {
    (
        StatusCode::from_u16(status).unwrap(),
        Vec::new(),
        String::new(),
    )
}

#[test]
fn responses_and_tuples() {
    assert_ok(|| response(200));
    assert_eq!(failure(|| response(500)).0, "500");
    assert_eq!(failure(|| response_in_result(500)).0, "500");
    assert_ok(|| block_on(tuple(404)));
    assert_eq!(failure(|| block_on(tuple(502))).0, "502");
}

#[test]
fn grpc_codes_by_kind() {
    for (code, name, in_server) in [
        (Code::Cancelled, "CANCELLED", false),
        (Code::Unknown, "UNKNOWN", true),
        (Code::InvalidArgument, "INVALID_ARGUMENT", false),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", true),
        (Code::NotFound, "NOT_FOUND", false),
        (Code::AlreadyExists, "ALREADY_EXISTS", false),
        (Code::PermissionDenied, "PERMISSION_DENIED", false),
        (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", false),
        (Code::FailedPrecondition, "FAILED_PRECONDITION", false),
        (Code::Aborted, "ABORTED", false),
        (Code::OutOfRange, "OUT_OF_RANGE", false),
        (Code::Unimplemented, "UNIMPLEMENTED", true),
        (Code::Internal, "INTERNAL", true),
        (Code::Unavailable, "UNAVAILABLE", true),
        (Code::DataLoss, "DATA_LOSS", true),
        (Code::Unauthenticated, "UNAUTHENTICATED", false),
    ] {
        let failed = (name.to_owned(), Some("text".to_owned()));
        assert_eq!(failure(|| plain_rpc(code)), failed);
        assert_eq!(failure(|| client_rpc(code)), failed);
        match in_server {
            true => assert_eq!(failure(|| server_rpc(code)), failed),
            false => assert_ok(|| server_rpc(code)),
        }
    }
}
