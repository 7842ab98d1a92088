//! Days of the calendar: all that a waiver's end needs.
//!
//! Gregorian, in UTC, without time of day. Knows nothing of the rest of the crate; anybody may call it.

/// A day between 0001-01-01 and 9999-12-31. Days compare as they follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Default for Date {
    /// 1970-01-01.
    fn default() -> Date {
        Date { year: 1970, month: 1, day: 1 }
    }
}

impl Date {
    /// The day, if there is one.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let exists = (1..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        (exists && day <= days_of_month(year, month)).then_some(Date { year, month, day })
    }

    /// Reads `2026-12-31`: four, two and two digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Date> {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return None };
        let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// The day in UTC of so many seconds after 1970-01-01. `None` after the year 9999.
    #[must_use]
    pub fn of_unix_seconds(seconds: u64) -> Option<Date> {
        let mut days = seconds / 86_400;
        let mut year: u16 = 1970;
        while days >= days_of_year(year) {
            days -= days_of_year(year);
            year = year.checked_add(1).filter(|year| *year <= 9999)?;
        }
        let mut month: u8 = 1;
        while days >= u64::from(days_of_month(year, month)) {
            days -= u64::from(days_of_month(year, month));
            month += 1;
        }
        Date::new(year, month, u8::try_from(days + 1).ok()?)
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_read() {
        for good in ["2026-12-31", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(Date::parse(good).map(|date| date.to_string()).as_deref(), Some(good));
        }
        for bad in ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01", "2026-4-01"] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
        for bad in
            ["", "2026-12", "2026-12-31T10:00:00Z", "31-12-2026", "+026-12-31", "2026-12-3\u{661}", "-2026-12-31"]
        {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn seconds_of_the_epoch_become_days() {
        let date = |seconds| Date::of_unix_seconds(seconds).map(|date| date.to_string());
        assert_eq!(date(0).as_deref(), Some("1970-01-01"));
        assert_eq!(date(951_782_399).as_deref(), Some("2000-02-28"));
        assert_eq!(date(951_782_400).as_deref(), Some("2000-02-29"));
        assert_eq!(date(1_798_761_599).as_deref(), Some("2026-12-31"));
        assert_eq!(date(253_402_300_799).as_deref(), Some("9999-12-31"));
        assert_eq!(date(253_402_300_800), None);
        assert_eq!(date(u64::MAX), None);
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let days: Vec<Date> = (0..200_000).filter_map(|day| Date::of_unix_seconds(day * 86_400)).collect();
        assert_eq!(days.len(), 200_000);
        assert!(days.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(days.iter().all(|day| Date::parse(&day.to_string()) == Some(*day)));
    }
}
