//! A process without descriptors to spare, in a process of its own.

#![cfg(unix)]

use futures::StreamExt;
use futures::channel::mpsc;
use std::fs::File;
use std::io::{self, Read};
use std::process::Command;
use tulipa::Runtime;
use tulipa::io::AsyncWriteExt;
use tulipa::net::{TcpStream, start_server};

const CHILD: &str = "TULIPA_NET_TEST_CHILD";

#[test]
fn a_server_without_descriptors_waits_and_goes_on() {
    if std::env::var_os(CHILD).is_some() {
        return run_out_and_recover().unwrap();
    }
    // Limits can be lowered without unsafe code only where a shell does it.
    let this = std::env::current_exe().unwrap();
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
        .arg(this)
        .args(["--exact", "--nocapture"])
        .arg("descriptors::a_server_without_descriptors_waits_and_goes_on")
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(
        child.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(said.contains("1 passed"), "{said}");
}

fn run_out_and_recover() -> io::Result<()> {
    let (told, mut reports) = mpsc::unbounded();
    let runtime = Runtime::builder()
        .workers(2)
        .exception_handler(move |report| drop(told.unbounded_send(report.to_string())))
        .build()
        .unwrap();
    let served = runtime.run(async move {
        let server = start_server("127.0.0.1:0", |mut stream: TcpStream| async move {
            stream.write_all(b"welcome").await
        })
        .await?;

        let mut hoard = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            hoard.push(file);
        }
        hoard.pop(); // for our end of the connection; there is none left for the server's
        let mut client = std::net::TcpStream::connect(server.local_addrs()[0])?;
        let report = reports.next().await.unwrap();
        assert!(report.contains("Too many open files"), "{report}");
        assert!(report.contains("`server on 127.0.0.1:"), "{report}");

        drop(hoard);
        let welcome = tulipa::to_thread(move || {
            let mut welcome = String::new();
            client.read_to_string(&mut welcome).map(|_| welcome)
        });
        assert_eq!(welcome.await.unwrap()?, "welcome");
        io::Result::Ok(())
    });
    served.unwrap()
}
