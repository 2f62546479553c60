//! The date and time, every second, for five seconds.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::{Duration, SystemTime};
use tulipa::{sleep, time};

const SECOND: Duration = Duration::from_secs(1);

#[tulipa::main]
async fn main() {
    let (date, began) = (SystemTime::now(), time::now());
    let end = began + 5 * SECOND;
    loop {
        println!("{}", display(date + (time::now() - began)));
        if time::now() + SECOND >= end {
            break;
        }
        sleep(SECOND).await;
    }
}

/// The date and time at Greenwich: the standard library has none.
fn display(time: SystemTime) -> String {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since_1970.expect("it is later than 1970").as_secs();
    let mut days = seconds / 86_400;
    let mut year = 1970;
    while days >= months(year).iter().sum() {
        days -= months(year).iter().sum::<u64>();
        year += 1;
    }
    let mut month = 0;
    while days >= months(year)[month] {
        days -= months(year)[month];
        month += 1;
    }
    let (month, day) = (month + 1, days + 1);
    let [hour, minute, second] = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60];
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn months(year: u64) -> [u64; 12] {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let february = if is_leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}
