//! What whoever reads for compliance must not miss: numbers, dates, and words of obligation.

use serde::Serialize;

/// What stands out of a change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A number, its unit or how often something happens: `12 months`, `99.9%`, `daily`.
    Number,
    /// A date, a month or a year.
    Date,
    /// A word that says what one has to do, may do or may not, in English or German.
    Obligation,
}

impl Mark {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Number, Self::Date, Self::Obligation];

    /// What it is, in one word for people.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::Obligation => "obligation",
        }
    }
}

const OBLIGATIONS: &str = "shall must should may might can could will would cannot not never no unless except only always \
    required mandatory optional recommended prohibited forbidden muss muß müssen müsste müssten soll \
    sollen sollte sollten darf dürfen dürfte dürften kann können könnte könnten nicht nie niemals kein \
    keine keinen keinem keiner keines nur außer immer verpflichtet verboten erforderlich empfohlen";

const NUMBERS: &str = "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty \
    ninety hundred thousand million billion half once twice hourly daily weekly monthly quarterly \
    annually annual yearly zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn zwanzig \
    dreißig vierzig fünfzig sechzig neunzig hundert tausend einmal zweimal stündlich täglich wöchentlich \
    monatlich vierteljährlich jährlich";

/// Units that change what a number before them means.
const UNITS: &str = "second seconds minute minutes hour hours day days week weeks month months quarter quarters year \
    years percent bit bits kb mb gb tb ms h min eur usd business working calendar sekunde sekunden \
    minuten stunde stunden tag tage tagen woche wochen monat monate monaten quartal quartale jahr jahre \
    jahren prozent werktag werktage werktagen arbeitstage arbeitstagen";

const MONTHS: &str = "january february march april may june july august september october november december jan feb mar \
    apr jun jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember okt dez";

/// Months that are other words too, and are dates beside a number alone.
const AMBIGUOUS: &str = "may march mar jan jun sep dec august";

/// Says of each token what it is to stand out as, if anything.
pub fn marks(tokens: &[&str]) -> Vec<Option<Mark>> {
    let words: Vec<usize> = (0..tokens.len()).filter(|at| is_word(tokens[*at])).collect();
    let word = |n: Option<usize>| n.and_then(|n| words.get(n)).map_or("", |at| tokens[*at].trim_matches('~'));
    let mut marks = vec![None; tokens.len()];
    for (n, at) in words.iter().enumerate() {
        let (before, after) = (word(n.checked_sub(1)), word(Some(n + 1)));
        marks[*at] = mark(before, word(Some(n)), after);
    }
    marks
}

fn is_word(token: &str) -> bool {
    token.chars().any(char::is_alphanumeric)
}

fn mark(before: &str, token: &str, after: &str) -> Option<Mark> {
    if has_digit(token) {
        let is_date = is_date(token) || is_day(token) && (is_month(before) || is_month(after));
        return Some(if is_date { Mark::Date } else { Mark::Number });
    }
    let lower = token.to_lowercase();
    if is_month(token) && (has_digit(before) || has_digit(after) || !is_in(AMBIGUOUS, &lower)) {
        return Some(Mark::Date);
    }
    let is_number = |word: &str| has_digit(word) || is_in(NUMBERS, &word.to_lowercase());
    let is_unit = is_in(UNITS, &lower) && is_number(before);
    let mut parts = lower.split(['/', '-']);
    match () {
        () if is_unit || is_in(NUMBERS, &lower) => Some(Mark::Number),
        () if lower.ends_with("n't") || lower.ends_with("n’t") => Some(Mark::Obligation),
        () if parts.any(|part| is_in(OBLIGATIONS, part)) => Some(Mark::Obligation),
        () => None,
    }
}

fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

fn has_digit(token: &str) -> bool {
    token.chars().any(|c| c.is_ascii_digit())
}

fn is_day(token: &str) -> bool {
    token
        .trim_end_matches(|c: char| c.is_ascii_alphabetic())
        .parse()
        .is_ok_and(|day: u8| (1..=31).contains(&day))
}

/// A month begins with a capital, as a verb does not.
fn is_month(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_uppercase) && is_in(MONTHS, &token.to_lowercase())
}

/// `2026-05-01`, with a time or without, `1.5.2026`, `05/2026`, or a year.
fn is_date(token: &str) -> bool {
    let day = token.split('T').next().unwrap_or(token);
    let parts: Vec<&str> = day.split(['-', '.', '/']).collect();
    let is_number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_year = |part: &&str| part.len() == 4 && matches!(part.get(..2), Some("19" | "20"));
    if !parts.iter().all(is_number) {
        return false;
    }
    match parts.len() {
        1 | 2 => parts.iter().any(is_year),
        3 => parts.iter().any(is_year) || parts[0].len() <= 2 && parts[2].len() == 2 && !day.contains('.'),
        _ => false,
    }
}

/// What is not the same on both sides.
pub fn changed<'t>(
    removed: impl Iterator<Item = (&'t &'t str, &'t Option<Mark>)>,
    added: impl Iterator<Item = (&'t &'t str, &'t Option<Mark>)>,
) -> Vec<Mark> {
    let told = |(token, mark): (&&str, &Option<Mark>)| mark.map(|mark| (mark, token.to_lowercase()));
    let (mut before, mut after): (Vec<_>, Vec<_>) =
        (removed.filter_map(told).collect(), added.filter_map(told).collect());
    before.sort();
    after.sort();
    let of = |all: &[(Mark, String)], mark: Mark| -> Vec<String> {
        all.iter().filter(|(other, _)| *other == mark).map(|(_, token)| token.clone()).collect()
    };
    Mark::ALL.into_iter().filter(|mark| of(&before, *mark) != of(&after, *mark)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::words::WordDiff;
    use super::*;

    #[test]
    fn what_must_not_be_missed_stands_out() {
        let check = |before: &str, after: &str, expected: &[Mark]| {
            let found: Vec<_> = WordDiff::of(before, after).marks().collect();
            assert_eq!(found, expected, "{before} / {after}");
        };
        check("kept for 12 months", "kept for 24 months", &[Mark::Number]);
        check("99.9% of the time", "99.5% of the time", &[Mark::Number]);
        check("within 12 months", "within 12 days", &[Mark::Number]);
        check("within two days", "within three days", &[Mark::Number]);
        check("tested yearly", "tested monthly", &[Mark::Number]);
        check("We must encrypt", "We should encrypt", &[Mark::Obligation]);
        check("It must be so", "It ~~must~~ be so", &[Mark::Obligation]);
        check("Data is shared", "Data is not shared", &[Mark::Obligation]);
        check("They don't leave", "They leave", &[Mark::Obligation]);
        check("Daten darf man nicht teilen", "Daten darf man teilen", &[Mark::Obligation]);
        check("Das muss geschehen", "Das soll geschehen", &[Mark::Obligation]);
        check("since 2026-05-01", "since 2026-06-01", &[Mark::Date]);
        check("by 1 May 2026", "by 2 May 2026", &[Mark::Date]);
        check("am 1. Mai 2026", "am 1. Juni 2026", &[Mark::Date]);
        check("until 2025", "until 2026", &[Mark::Date]);
        check("from 01/05/26 on", "from 02/05/26 on", &[Mark::Date]);
        check(
            "It shall take 5 days from 1 June",
            "It may take 6 days from 2 July",
            &[Mark::Obligation, Mark::Number, Mark::Date],
        );
    }

    #[test]
    fn what_says_the_same_does_not() {
        for (before, after) in [
            ("a quick fox", "a slow fox"),
            ("kept for 12 months at most", "stored for 12 months at most"),
            ("We march on", "We walk on"),
            ("we must go", "all must go"),
            ("a TLS connection", "an SSH connection"),
            ("kept 12 months", "stored for 12 months"),
        ] {
            assert_eq!(WordDiff::of(before, after).marks().collect::<Vec<_>>(), [], "{before} / {after}");
        }
    }
}
