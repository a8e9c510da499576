//! Numbers as Notion shows them.

use crate::notion::column::NumberFormat;

/// How a format writes numbers.
enum Style {
    Plain,
    Grouped,
    Percent,
    /// With a symbol, and so many digits behind the point at least.
    Currency(&'static str, usize),
}

/// Writes a number in a format. No digit is rounded away: a price with more of them than its currency has keeps them all.
pub(super) fn shown(number: f64, format: NumberFormat) -> String {
    let (whole, fraction) = digits(number);
    let sign = if number < 0.0 { "-" } else { "" };
    match style(format) {
        Style::Plain => number.to_string(),
        Style::Grouped => format!("{sign}{}{}", grouped(&whole), decimals(&fraction, 0)),
        Style::Percent => {
            let (whole, fraction) = hundredfold(&whole, &fraction);
            format!("{sign}{}{}%", grouped(&whole), decimals(&fraction, 0))
        }
        Style::Currency(symbol, least) => {
            format!("{sign}{symbol}{}{}", grouped(&whole), decimals(&fraction, least))
        }
    }
}

fn style(format: NumberFormat) -> Style {
    match format {
        NumberFormat::Plain | NumberFormat::Other => Style::Plain,
        NumberFormat::WithCommas => Style::Grouped,
        NumberFormat::Percent => Style::Percent,
        NumberFormat::Dollar => Style::Currency("$", 2),
        NumberFormat::AustralianDollar => Style::Currency("A$", 2),
        NumberFormat::CanadianDollar => Style::Currency("CA$", 2),
        NumberFormat::SingaporeDollar => Style::Currency("SGD\u{a0}", 2),
        NumberFormat::Euro => Style::Currency("€", 2),
        NumberFormat::Pound => Style::Currency("£", 2),
        NumberFormat::Yen => Style::Currency("¥", 0),
        NumberFormat::Ruble => Style::Currency("RUB\u{a0}", 2),
        NumberFormat::Rupee => Style::Currency("₹", 2),
        NumberFormat::Won => Style::Currency("₩", 0),
        NumberFormat::Yuan => Style::Currency("CN¥", 2),
        NumberFormat::Real => Style::Currency("R$", 2),
        NumberFormat::Lira => Style::Currency("TRY\u{a0}", 2),
        NumberFormat::Rupiah => Style::Currency("IDR\u{a0}", 2),
        NumberFormat::Franc => Style::Currency("CHF\u{a0}", 2),
        NumberFormat::HongKongDollar => Style::Currency("HK$", 2),
        NumberFormat::NewZealandDollar => Style::Currency("NZ$", 2),
        NumberFormat::Krona => Style::Currency("SEK\u{a0}", 2),
        NumberFormat::NorwegianKrone => Style::Currency("NOK\u{a0}", 2),
        NumberFormat::MexicanPeso => Style::Currency("MX$", 2),
        NumberFormat::Rand => Style::Currency("ZAR\u{a0}", 2),
        NumberFormat::NewTaiwanDollar => Style::Currency("NT$", 2),
        NumberFormat::DanishKrone => Style::Currency("DKK\u{a0}", 2),
        NumberFormat::Zloty => Style::Currency("PLN\u{a0}", 2),
        NumberFormat::Baht => Style::Currency("THB\u{a0}", 2),
        NumberFormat::Forint => Style::Currency("HUF\u{a0}", 2),
        NumberFormat::Koruna => Style::Currency("CZK\u{a0}", 2),
        NumberFormat::Shekel => Style::Currency("₪", 2),
        NumberFormat::ChileanPeso => Style::Currency("CLP\u{a0}", 0),
        NumberFormat::PhilippinePeso => Style::Currency("₱", 2),
        NumberFormat::Dirham => Style::Currency("AED\u{a0}", 2),
        NumberFormat::ColombianPeso => Style::Currency("COP\u{a0}", 2),
        NumberFormat::Riyal => Style::Currency("SAR\u{a0}", 2),
        NumberFormat::Ringgit => Style::Currency("MYR\u{a0}", 2),
        NumberFormat::Leu => Style::Currency("RON\u{a0}", 2),
        NumberFormat::ArgentinePeso => Style::Currency("ARS\u{a0}", 2),
        NumberFormat::UruguayanPeso => Style::Currency("UYU\u{a0}", 2),
        NumberFormat::PeruvianSol => Style::Currency("PEN\u{a0}", 2),
    }
}

/// The digits before and behind the point: as few as tell the number from its neighbours.
fn digits(number: f64) -> (String, String) {
    let text = number.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    (whole.to_owned(), fraction.to_owned())
}

/// By digits: a product of doubles would make 7.000000000000001 of 0.07.
fn hundredfold(whole: &str, fraction: &str) -> (String, String) {
    let (moved, rest) = fraction.split_at(fraction.len().min(2));
    let whole = format!("{whole}{moved:0<2}");
    let significant = whole.trim_start_matches('0');
    (if significant.is_empty() { "0" } else { significant }.to_owned(), rest.to_owned())
}

fn grouped(whole: &str) -> String {
    let mut text = String::with_capacity(whole.len() + whole.len() / 3);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn decimals(fraction: &str, least: usize) -> String {
    if fraction.is_empty() && least == 0 { String::new() } else { format!(".{fraction:0<least$}") }
}
