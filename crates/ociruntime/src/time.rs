//! Points in time as RFC 3339 text in UTC, for logs and states.

use std::time::{Duration, SystemTime};

/// Now to the second: `2026-09-01T12:00:00Z`.
pub(crate) fn now_in_seconds() -> String {
    seconds(since_epoch())
}

/// Now to the nanosecond, without trailing zeros: `2026-09-01T12:00:00.5Z`.
pub(crate) fn now() -> String {
    nanoseconds(since_epoch())
}

/// A clock before 1970 is a broken clock; the epoch is as good a guess as any.
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn seconds(time: Duration) -> String {
    format!("{}Z", whole(time))
}

fn nanoseconds(time: Duration) -> String {
    let fraction = format!(".{:09}", time.subsec_nanos());
    format!("{}{}Z", whole(time), fraction.trim_end_matches('0').trim_end_matches('.'))
}

fn whole(time: Duration) -> String {
    let (days, second) = (time.as_secs() / 86_400, time.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day is the
/// last of its year, and in eras of 400 years, which all have the same number of days.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_BEFORE_1970: u64 = 719_468;
    const DAYS_OF_ERA: u64 = 146_097;
    let days = days + DAYS_BEFORE_1970;
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(time: u64, text: &str) {
        assert_eq!(seconds(Duration::from_secs(time)), text);
    }

    #[test]
    fn the_epoch_is_a_new_year() {
        check(0, "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_leap_day_has_its_date() {
        check(951_782_400, "2000-02-29T00:00:00Z");
    }

    #[test]
    fn the_last_second_of_a_year_belongs_to_it() {
        check(1_767_225_599, "2025-12-31T23:59:59Z");
    }

    #[test]
    fn a_century_without_a_leap_day_goes_on_with_march() {
        check(4_107_542_400, "2100-03-01T00:00:00Z");
    }

    #[test]
    fn a_fraction_has_no_trailing_zeros() {
        assert_eq!(nanoseconds(Duration::new(1, 500_000_000)), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn a_whole_second_has_no_fraction() {
        assert_eq!(nanoseconds(Duration::from_secs(1)), "1970-01-01T00:00:01Z");
    }
}
