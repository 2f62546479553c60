//! Round trips through the loopback.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use futures::{AsyncReadExt, AsyncWriteExt};
use support::{scenario, settings};
use tulipa::net::{TcpListener, TcpStream};
use tulipa::{TaskGroup, spawn};

const MESSAGE: [u8; 64] = [7; 64];

async fn serve(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        spawn(async move {
            let mut buffer = [0; MESSAGE.len()];
            while stream.read_exact(&mut buffer).await.is_ok()
                && stream.write_all(&buffer).await.is_ok()
            {}
        })
        .detach();
    }
}

async fn talk(mut stream: TcpStream, trips: u64) {
    let mut buffer = [0; MESSAGE.len()];
    for _ in 0..trips {
        stream
            .write_all(&MESSAGE)
            .await
            .expect("the server listens");
        stream
            .read_exact(&mut buffer)
            .await
            .expect("the server answers");
    }
}

/// Round trips of 64 bytes over so many connections.
async fn echo(connections: u64, trips: u64) {
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the loopback is there");
    let address = listener.local_addr().expect("it is bound");
    let server = spawn(serve(listener));
    let clients = TaskGroup::scope(async |group| {
        for _ in 0..connections {
            group.spawn(async move {
                let stream = TcpStream::connect(address)
                    .await
                    .expect("the server listens");
                talk(stream, trips.div_ceil(connections)).await;
            });
        }
    });
    clients.await.expect("no client fails");
    server.cancel();
}

fn echo_one(criterion: &mut Criterion) {
    scenario(criterion, "echo_64_bytes_1_connection", |trips| {
        echo(1, trips)
    });
}

fn echo_many(criterion: &mut Criterion) {
    scenario(criterion, "echo_64_bytes_64_connections", |trips| {
        echo(64, trips)
    });
}

criterion_group! {
    name = benches;
    config = settings();
    targets = echo_one, echo_many
}
criterion_main!(benches);
