//! `fetch`, the main job, as a process: against its own server, and against one whose pages go wrong in every way.

mod pages;

use crate::process::{Running, program, text};
use pages::Pages;
use std::process::{Command, Output};

fn fetch(options: &[&str]) -> Command {
    let mut command = program("fetch");
    command.args(options);
    command
}

fn run(options: &[&str], urls: &[String]) -> Output {
    fetch(options).args(urls).output().expect("it starts")
}

/// A number in the table at the end.
#[track_caller]
fn row(output: &Output, name: &str) -> usize {
    let mut rows = text(output).lines();
    let row = rows.find_map(|line| line.strip_prefix(name));
    let row = row.unwrap_or_else(|| panic!("no {name:?} in {}", text(output)));
    number(Some(row.trim()))
}

#[track_caller]
fn number(text: Option<&str>) -> usize {
    text.and_then(|text| text.parse().ok()).expect("a number")
}

/// Counted, arrived, failed, timed out, unfinished.
#[track_caller]
fn table(output: &Output) -> [usize; 5] {
    ["count ", "ok ", "failed ", "timed out ", "unfinished "].map(|name| row(output, name))
}

/// What it says of a URL.
#[track_caller]
fn verdict<'a>(output: &'a Output, url: &str) -> &'a str {
    let what = format!("  {url}: ");
    let mut verdicts = text(output)
        .lines()
        .filter_map(|line| line.split_once(&what));
    let verdict = verdicts.next().map(|(_, verdict)| verdict);
    verdict.unwrap_or_else(|| panic!("no line for {url} in {}", text(output)))
}

#[test]
fn its_own_server_has_good_and_bad_pages_and_the_run_ends_well() {
    let runs = ["1", "2", "8"].map(|workers| {
        let mut fetch = fetch(&[]);
        Running::start(fetch.env("TULIPA_WORKERS", workers))
    });
    for run in runs {
        let output = run.finish();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(errors, "", "there is no bar without a terminal");
        check_own_pages(&output);
    }
}

fn check_own_pages(output: &Output) {
    let mut late = 0;
    for line in text(output)
        .lines()
        .filter(|line| line.contains("  http://"))
    {
        late += usize::from(is_late(line));
        assert_eq!(line.ends_with(" (unexpected)"), is_late(line), "{line}");
    }
    let [count, ok, failed, timed_out, unfinished] = table(output);
    assert_eq!((count, ok + failed + timed_out, unfinished), (200, 200, 0));
    assert_eq!(timed_out, 10 + late);
    assert_eq!(output.status.success(), late == 0, "{output:?}");
    if late == 0 {
        // Else this machine is busy, and the clock of the program is real.
        assert_eq!([ok, failed, row(output, "bytes ")], [150, 40, 44_100]);
        let verdict = "\nAll as it should be: the good pages arrived, the bad ones failed.\n";
        assert!(text(output).ends_with(verdict), "{output:?}");
    }
    let bars = text(output).lines().filter(|line| line.starts_with("< "));
    let latencies = bars.map(|line| number(line.split_whitespace().nth(2)));
    assert_eq!(latencies.sum::<usize>(), 200, "the histogram has all");
}

#[test]
fn what_its_own_pages_were_not_made_for_is_unexpected() {
    // Too large a page may arrive, and one that wants to be asked twice is asked once.
    let output = run(&["--max-body", "9999999", "--retries", "0"], &[]);
    let lines: Vec<_> = text(&output).lines().collect();
    let of = |kind| lines.iter().filter(move |line| line.contains(kind));
    for line in of("/huge/").chain(of("/flaky/")) {
        assert!(line.ends_with(" (unexpected)"), "{line}");
    }
    assert!(
        of("/huge/").any(|line| line.contains("  ok ")),
        "{lines:#?}"
    );
    let last = lines.last().expect("it says something");
    assert!(last.starts_with("Not all is as it should be."), "{last}");
    assert_eq!(output.status.code(), Some(1));
}

/// Whether a page timed out that would have answered. Any other answer than that for which it was made is wrong.
fn is_late(line: &str) -> bool {
    let (before, after) = line
        .split_once("  http://127.0.0.1:")
        .expect("a line of a result");
    let kind = after.split('/').nth(1).expect("a page has a kind");
    let verdict = after.split_once(": ").expect("a verdict").1;
    let expected = match kind {
        "fast" => " bytes",
        "slow" => "1000 bytes",
        "flaky" => "20 bytes (",
        "fail" => "status 500 Internal Server Error (3 attempts)",
        "cut" => "connection closed before the answer was complete (3 attempts)",
        "reset" => "connection reset (3 attempts)",
        "huge" => "body larger than 1048576 bytes",
        "never" => "no answer within 500ms (3 attempts)",
        other => panic!("there is no page {other}"),
    };
    let arrived = before.trim_end().ends_with("ok");
    assert_eq!(
        arrived,
        verdict.contains(" bytes") && kind != "huge",
        "{line}"
    );
    let is_late = !verdict.contains(expected);
    assert!(
        !is_late || verdict.starts_with("no answer within 500ms (3 attempts)"),
        "{line}"
    );
    is_late
}

#[test]
fn every_trouble_has_a_line_that_says_what_it_was() {
    let pages = Pages::serve();
    let refused = pages::refused();
    let troubles = [
        (pages.url("whole"), "5 bytes"),
        (pages.url("chunked"), "10 bytes"),
        (pages.url("missing"), "status 404 Not Found"),
        (pages.url("broken"), "status 500 Internal Server Error"),
        (pages.url("moved"), "moved to /elsewhere"),
        (
            pages.url("nothing"),
            "connection closed before the answer was complete",
        ),
        (
            pages.url("cut-head"),
            "connection closed before the answer was complete",
        ),
        (
            pages.url("cut"),
            "connection closed before the answer was complete",
        ),
        (
            pages.url("cut-chunk"),
            "connection closed before the answer was complete",
        ),
        (pages.url("reset"), "connection reset"),
        (pages.url("reset-body"), "connection reset"),
        (pages.url("large"), "body larger than 1000 bytes"),
        (pages.url("endless"), "body larger than 1000 bytes"),
        (pages.url("ssh"), "the answer is not HTTP: "),
        (refused, "connection refused"),
        (
            "tulips".to_owned(),
            "bad URL: it does not begin with http://",
        ),
        ("no url at all".to_owned(), "bad URL: invalid uri character"),
        ("http://".to_owned(), "bad URL: "),
        ("http:///tulips".to_owned(), "bad URL: "),
        ("http://[::1/".to_owned(), "bad URL: "),
        (
            "http://127.0.0.1:99999/".to_owned(),
            "bad URL: 99999 is not a port",
        ),
        ("http://127.0.0.1:tulip/".to_owned(), "bad URL: "),
        (
            "http://me@127.0.0.1/".to_owned(),
            "bad URL: a user's name would not be sent",
        ),
        (
            "https://127.0.0.1/".to_owned(),
            "bad URL: https:// is not spoken here, only http://",
        ),
    ];
    let urls = troubles.each_ref().map(|(url, _)| url.clone());
    let output = run(&["--retries", "0", "--max-body", "1000"], &urls);
    for (url, expected) in &troubles {
        let verdict = verdict(&output, url);
        assert!(verdict.starts_with(expected), "{url}: {verdict}");
    }
    let count = troubles.len();
    assert_eq!(table(&output), [count, 2, count - 2, 0, 0]);
    assert_eq!(row(&output, "bytes "), 15);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_page_that_does_not_answer_is_given_up_and_its_connection_closed() {
    let pages = Pages::serve();
    let url = pages.url("never");
    let output = run(
        &["--timeout", "0.05", "--retries", "1"],
        std::slice::from_ref(&url),
    );
    assert_eq!(verdict(&output, &url), "no answer within 50ms (2 attempts)");
    assert_eq!(table(&output), [1, 0, 0, 1, 0]);
    assert_eq!(output.status.code(), Some(1));
    pages.wait_until_left_alone();
}

#[test]
fn the_connection_of_an_attempt_ends_with_it_while_others_go_on() {
    let pages = Pages::serve();
    let mut urls = vec![pages.url("after-never"); 10];
    urls.push(pages.url("never"));
    let output = run(&["--timeout", "0.1", "--retries", "3"], &urls);
    // The others are answered, at another attempt, if the server has seen the connection of one to the first end.
    assert_eq!(
        verdict(&output, &urls[10]),
        "no answer within 100ms (4 attempts)"
    );
    assert_ne!(row(&output, "ok "), 0, "{output:?}");
}

#[test]
fn a_failure_that_may_pass_is_tried_again() {
    let pages = Pages::serve();
    let urls = [pages.url("third-time"), pages.url("missing")];
    let output = run(&["--retries", "2"], &urls);
    assert_eq!(verdict(&output, &urls[0]), "5 bytes (3 attempts)");
    assert_eq!(verdict(&output, &urls[1]), "status 404 Not Found");

    let urls = [pages.url("whole"), pages.url("broken")];
    let output = run(&["--retries", "1"], &urls);
    assert_eq!(
        verdict(&output, &urls[1]),
        "status 500 Internal Server Error (2 attempts)"
    );
    assert_eq!(output.status.code(), Some(1));

    let output = run(&[], &urls[..1]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn no_more_are_at_work_than_it_was_told() {
    let pages = Pages::serve();
    let urls = vec![pages.url("three-at-once"); 30];
    let output = run(&["--concurrency", "3", "--timeout", "60"], &urls);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(pages.most_at_once(), 3);
}

#[test]
fn the_deadline_ends_everything() {
    let pages = Pages::serve();
    let urls = vec![pages.url("never"); 3];
    let output = run(&["--deadline", "0.05", "--concurrency", "2"], &urls);
    assert_eq!(table(&output), [3, 0, 0, 0, 3]);
    assert!(
        text(&output).contains("The deadline of 50ms passed."),
        "{output:?}"
    );
    assert_eq!(output.status.code(), Some(1));
    pages.wait_until_left_alone();
}

#[cfg(unix)]
#[test]
fn ctrl_c_cancels_what_is_in_flight_and_prints_what_was_done() {
    let pages = Pages::serve();
    let urls = [pages.url("never"), pages.url("never"), pages.url("whole")];
    let mut fetching = Running::start(fetch(&["--timeout", "60"]).args(urls));
    assert!(
        fetching.line().ends_with("/whole: 5 bytes"),
        "the first to complete"
    );
    pages.wait_until_asked("/never", 2);

    fetching.interrupt();
    let output = fetching.finish();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(table(&output), [3, 1, 0, 0, 2]);
    assert!(text(&output).ends_with("Interrupted.\n"), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    pages.wait_until_left_alone();
}

#[test]
fn output_that_nobody_reads_ends_it_without_a_panic() {
    let mut fetching = Running::start(&mut fetch(&[]));
    fetching.hang_up();
    let output = fetching.finish();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        error.starts_with("fetch: ") && error.lines().count() == 1,
        "{error}"
    );
}

#[test]
fn a_command_line_that_makes_no_sense_is_answered_with_the_usage() {
    let mistakes = [
        (
            ["--concurrency", "0"],
            "--concurrency 0 would fetch nothing: give at least 1",
        ),
        (
            ["--concurrency", "-1"],
            "--concurrency -1: invalid digit found in string",
        ),
        (
            ["--retries", "often"],
            "--retries often: invalid digit found in string",
        ),
        (
            ["--timeout", "soon"],
            "--timeout soon: invalid float literal",
        ),
        (["--deadline", "-1"], "--deadline -1: "),
        (
            ["--max-body", "1e3"],
            "--max-body 1e3: invalid digit found in string",
        ),
        (["--turbo", "on"], "there is no option --turbo"),
        (["http://tulip/", "--timeout"], "--timeout needs a number"),
    ];
    for (mistake, expected) in mistakes {
        let output = run(&mistake, &[]);
        assert_eq!(output.status.code(), Some(2), "{mistake:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.starts_with(&format!("fetch: {expected}")), "{error}");
        assert!(error.contains("usage: fetch"), "{error}");
    }
    let output = run(&["--help"], &[]);
    assert!(
        output.status.success() && text(&output).contains("usage: fetch"),
        "{output:?}"
    );
}
