//! A server whose pages go wrong in every way there is, and who can be asked what became of it.

use parking_lot::Mutex;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tulipa::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tulipa::net::{Server, TcpStream, start_server};
use tulipa::{Deferred, Runtime};

/// Serves on a runtime of its own, until it is dropped.
pub(crate) struct Pages {
    server: Server,
    runtime: Runtime,
    desk: Arc<Desk>,
    asked: Receiver<String>,
}

/// What the connections share.
struct Desk {
    asked: Sender<String>,
    /// Set when a connection for `never` has ended.
    never_ended: Deferred<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often `third-time` was asked for.
    times: u32,
    /// How many are in `three-at-once`, and how many there were at most.
    at_once: usize,
    most_at_once: usize,
    waiting: Vec<Deferred<()>>,
}

/// A URL where nobody listens.
pub(crate) fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap()) // and it is closed
}

impl Pages {
    pub(crate) fn serve() -> Self {
        // One worker is the thread that calls `run`, the other serves.
        let runtime = Runtime::builder().workers(2).build().unwrap();
        let (told, asked) = channel();
        let desk = Arc::new(Desk {
            asked: told,
            never_ended: Deferred::new(),
            state: Mutex::default(),
        });
        let serving = start_server("127.0.0.1:0", {
            let desk = desk.clone();
            move |stream| {
                let desk = desk.clone();
                async move { desk.serve(stream).await.or(Ok::<_, io::Error>(())) } // the client broke off
            }
        });
        let server = runtime.run(serving).unwrap().unwrap();
        Self {
            server,
            runtime,
            desk,
            asked,
        }
    }

    pub(crate) fn url(&self, page: &str) -> String {
        format!("http://{}/{page}", self.server.local_addrs()[0])
    }

    /// Waits until `page` was asked for so many times, or so many times more.
    pub(crate) fn wait_until_asked(&self, page: &str, times: usize) {
        let asked = self.asked.iter().filter(|path| path == page);
        assert_eq!(asked.take(times).count(), times);
    }

    /// Waits until nobody is connected.
    pub(crate) fn wait_until_left_alone(self) {
        let Self { server, .. } = self;
        let gone = async move {
            server.close();
            server.wait_closed().await;
        };
        self.runtime.run(gone).unwrap();
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.desk.state.lock().most_at_once
    }
}

impl Desk {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let path = request(&mut stream).await?;
        let _ = self.asked.send(path.clone());
        match &path[1..] {
            "whole" => answer(&mut stream, "200 OK", "", "whole").await?,
            "missing" => answer(&mut stream, "404 Not Found", "", "no").await?,
            "broken" => answer(&mut stream, "500 Internal Server Error", "", "no").await?,
            "moved" => answer(&mut stream, "302 Found", "Location: /elsewhere\r\n", "").await?,
            "chunked" => {
                send(
                    &mut stream,
                    &format!("{CHUNKED}5\r\nchunk\r\n5\r\nchunk\r\n0\r\n\r\n"),
                )
                .await?
            }
            "nothing" => {}
            "cut-head" => send(&mut stream, "HTTP/1.1 200 OK\r\nContent-Le").await?,
            "cut" => {
                send(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
                )
                .await?
            }
            "cut-chunk" => send(&mut stream, &format!("{CHUNKED}5\r\nch")).await?,
            "reset" => stream.set_linger(Some(Duration::ZERO))?,
            "reset-body" => {
                send(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
                )
                .await?;
                stream.set_linger(Some(Duration::ZERO))?;
            }
            "large" => {
                send(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
                )
                .await?
            }
            "endless" => {
                send(&mut stream, CHUNKED).await?;
                loop {
                    send(&mut stream, "5\r\nchunk\r\n").await?; // until the client breaks off
                }
            }
            "ssh" => send(&mut stream, "SSH-2.0-tulip\r\n").await?,
            "third-time" if self.is_the_third_time() => {
                answer(&mut stream, "200 OK", "", "whole").await?
            }
            "third-time" => answer(&mut stream, "503 Service Unavailable", "", "no").await?,
            "three-at-once" => {
                self.until_three_are_here().await;
                answer(&mut stream, "200 OK", "", "whole").await?;
            }
            "never" => {
                let _ = stream.read(&mut [0; 8]).await; // until the client breaks off
                let _ = self.never_ended.set_result(()); // perhaps not as the first
            }
            "after-never" => {
                let never_ended = self.never_ended.clone();
                never_ended.await.expect("nobody cancels it");
                answer(&mut stream, "200 OK", "", "whole").await?;
            }
            other => panic!("there is no page {other}"),
        }
        Ok(())
    }

    fn is_the_third_time(&self) -> bool {
        let mut state = self.state.lock();
        state.times += 1;
        state.times == 3
    }

    async fn until_three_are_here(&self) {
        let three_are_here = self.come_in();
        three_are_here.await.expect("nobody cancels it");
        self.state.lock().at_once -= 1; // before the client can know
    }

    /// Every third lets three go.
    fn come_in(&self) -> Deferred<()> {
        let three_are_here = Deferred::new();
        let mut state = self.state.lock();
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        state.waiting.push(three_are_here.clone());
        if state.waiting.len() == 3 {
            for one in state.waiting.drain(..) {
                one.set_result(()).expect("nobody else does");
            }
        }
        three_are_here
    }
}

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The path of a request, which is read to its end: what is unread when a socket is closed resets the connection.
async fn request(stream: &mut TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let path = head.split(' ').nth(1);
    Ok(path.expect("a request line has three parts").to_owned())
}

async fn answer(stream: &mut TcpStream, status: &str, header: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{header}\r\n");
    send(stream, &(head + body)).await
}

async fn send(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes()).await
}
