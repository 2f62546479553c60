//! HTTP/1.1 over connections that are kept alive: hyper on both ends, in this process.
//!
//! Most of the time is hyper's own; what differs is the runtime below it.

use super::echo::connections;
use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::{Io, Whole};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use std::convert::Infallible;

const CONNECTIONS: u64 = 32;

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    let run = |Load { n, workers }| R::run(workers, requests::<R>(n));
    vec![
        Workload::new("http", 30_000, run)
            .what("requests through hyper over 32 connections that are kept alive (per request)"),
    ]
}

async fn serve<R: Whole>(stream: Io<R>) {
    let hello =
        |_| async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello")))) };
    let serve = server::conn::http1::Builder::new().serve_connection(stream, service_fn(hello));
    // Ends with an error if the client goes away between two requests.
    drop(serve.await);
}

async fn ask<R: Whole>(stream: Io<R>, times: u64) {
    let (mut sender, connection) = client::conn::http1::handshake(stream)
        .await
        .expect("the server listens");
    R::detach(R::spawn(async { drop(connection.await) }));
    for _ in 0..times {
        sender.ready().await.expect("the connection is kept alive");
        let request = Request::get("/")
            .header("host", "localhost")
            .body(Empty::<Bytes>::new())
            .expect("the request is well formed");
        let response = sender.send_request(request).await.expect("an answer comes");
        let body = response.into_body().collect().await.expect("with a body");
        assert_eq!(body.to_bytes().len(), 5, "the answer is hello");
    }
}

async fn requests<R: Whole>(n: u64) -> Outcome {
    let each = n.div_ceil(CONNECTIONS);
    let sockets = connections(CONNECTIONS as usize).expect("the system has descriptors");
    let meter = Meter::start();
    let mut clients = Vec::new();
    for (near, far) in sockets {
        let (near, far) = (Io::<R>::new(near), Io::<R>::new(far));
        R::detach(R::spawn(serve(far.expect("the system watches sockets"))));
        let ask = ask(near.expect("the system watches sockets"), each);
        clients.push(R::spawn(ask));
    }
    for client in clients {
        R::join(client).await;
    }
    meter.stop(each * CONNECTIONS)
}
