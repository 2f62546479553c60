#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, reason = "scratch")]
use std::time::Instant;
use tulipa_executor::Executor;
use tulipa_task::{spawn, Task};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

struct Yield(bool);
impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { cx.waker().wake_by_ref(); Poll::Pending }
    }
}

fn time(name: &str, n: u64, f: impl FnOnce()) {
    let t = Instant::now(); f();
    println!("{name:24} {:8.1} ns", t.elapsed().as_nanos() as f64 / n as f64);
}

fn skynet(n: u64, size: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        if size == 1 { return n; }
        let step = size / 10;
        let tasks: Vec<Task<u64>> = (0..10).map(|i| spawn(skynet(n + i * step, step))).collect();
        let mut s = 0;
        for t in tasks { s += t.await.unwrap(); }
        s
    })
}

fn main() {
    let workers: usize = std::env::args().nth(1).map_or(2, |w| w.parse().unwrap());
    let which = std::env::args().nth(2).unwrap_or_default();
    let e = if workers == 0 { Executor::builder().current_thread().build().unwrap() } else { Executor::builder().workers(workers).build().unwrap() };
    for _ in 0..3 {
        if which.is_empty() || which == "join" { e.block_on(async {
            let n = 500_000;
            time("spawn 500k await", n, || {});
            let t = Instant::now();
            let tasks: Vec<_> = (0..n).map(|i| spawn(async move { i })).collect();
            for t in tasks { t.await.unwrap(); }
            println!("{:24} {:8.1} ns", "  =", t.elapsed().as_nanos() as f64 / n as f64);
        }).unwrap(); }
        if which.is_empty() || which == "one" { e.block_on(async {
            let n = 500_000;
            let t = Instant::now();
            for i in 0..n { spawn(async move { i }).await.unwrap(); }
            println!("{:24} {:8.1} ns", "spawn one await", t.elapsed().as_nanos() as f64 / n as f64);
        }).unwrap(); }
        if which.is_empty() || which == "yield" { e.block_on(async {
            let (tasks, n) = (200, 20_000);
            let t = Instant::now();
            let ts: Vec<_> = (0..tasks).map(|_| spawn(async move { for _ in 0..n { Yield(false).await } })).collect();
            for t in ts { t.await.unwrap(); }
            println!("{:24} {:8.1} ns", "yield 200", t.elapsed().as_nanos() as f64 / (n * tasks) as f64);
        }).unwrap(); }
        if which.is_empty() || which == "skynet" { 
            let t = Instant::now();
            let r = e.block_on(skynet(0, 1_000_000)).unwrap();
            assert_eq!(r, 499999500000);
            println!("{:24} {:8.1} ns", "skynet", t.elapsed().as_nanos() as f64 / 1_111_111.0);
        }
        if which.is_empty() || which == "detached" { e.block_on(async {
            let n = 500_000u64;
            let done = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
            let t = Instant::now();
            for _ in 0..n { let d = done.clone(); drop(spawn(async move { d.fetch_add(1, std::sync::atomic::Ordering::Relaxed); })); }
            while done.load(std::sync::atomic::Ordering::Relaxed) < n { Yield(false).await; }
            println!("{:24} {:8.1} ns", "spawn detached", t.elapsed().as_nanos() as f64 / n as f64);
        }).unwrap(); }
        if which.is_empty() || which == "outside" { 
            let h = e.handle().clone();
            let n = 500_000u64;
            let t = Instant::now();
            e.block_on(async move {
                let th = std::thread::spawn(move || { let mut v = Vec::with_capacity(n as usize); let t = Instant::now(); for i in 0..n { v.push(h.spawn(async move { i })); } println!("   outside push {:8.1}", t.elapsed().as_nanos() as f64 / n as f64); v });
                let d = tulipa_executor::Handle::current().unwrap();
                let v = d.spawn_blocking(move || th.join().unwrap()).await.unwrap();
                for t in v { t.await.unwrap(); }
            }).unwrap();
            println!("{:24} {:8.1} ns", "spawn outside", t.elapsed().as_nanos() as f64 / n as f64);
        }
        let s = e.handle().stats();
        println!("polls {} steals {} sleeps {} wakes {}", s.polls(), s.steals(), s.sleeps(), s.wakes());
    }
}
