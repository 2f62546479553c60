//! Simulated workers and what comes from outside: a simulation in which all sleep waits for it.

use std::time::Duration;
use tulipa::io::{AsyncReadExt, AsyncWriteExt};
use tulipa::net::{TcpListener, TcpStream};
use tulipa::{BlockOnError, Builder, Flavour, RunError, sleep, spawn, timeout};

fn simulated(seed: u64) -> Builder {
    Builder::new()
        .flavour(Flavour::Deterministic)
        .workers(4)
        .seed(seed)
}

async fn round_trips(count: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).await.unwrap() > 0 {
            stream.write_all(&byte).await.unwrap();
        }
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    for trip in 0..count {
        let (sent, mut received) = ([trip as u8], [0]);
        client.write_all(&sent).await.unwrap();
        client.read_exact(&mut received).await.unwrap();
        assert_eq!(received, sent);
    }
    drop(client);
    server.await.unwrap();
}

#[test]
fn sockets_are_waited_for_in_real_time_and_in_virtual_time() {
    for seed in 0..10 {
        for is_virtual in [false, true] {
            let builder = simulated(seed).virtual_time(is_virtual);
            builder.run(round_trips(20)).unwrap();
        }
    }
}

#[test]
fn timers_of_a_real_clock_are_waited_for() {
    let slept = simulated(0).run(async {
        sleep(Duration::from_millis(1)).await;
        timeout(Duration::from_millis(1), std::future::pending::<()>()).await
    });
    assert!(slept.unwrap().is_err());
}

#[test]
fn a_socket_that_nobody_speaks_to_does_not_keep_virtual_time_from_moving() {
    let waited = simulated(0).virtual_time(true).run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let limit = Duration::from_secs(3600);
        timeout(limit, listener.accept()).await.map(drop)
    });
    assert!(waited.unwrap().is_err());
}

#[test]
fn after_the_last_socket_a_deadlock_is_one_again() {
    let ended = simulated(0).run(async {
        round_trips(1).await;
        std::future::pending::<()>().await;
    });
    assert!(
        matches!(ended, Err(RunError::Refused(BlockOnError::Deadlock(_)))),
        "{ended:?}"
    );
}
