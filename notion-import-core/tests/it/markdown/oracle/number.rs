//! Numbers as Notion shows them in English: by the digits of their shortest form, none of which is lost.

use notion_import_core::notion::NumberFormat;

/// A currency by its symbol in English, else by its code and a space that no line breaks at.
const CURRENCIES: &[(NumberFormat, &str)] = &[
    (NumberFormat::Dollar, "$"),
    (NumberFormat::AustralianDollar, "A$"),
    (NumberFormat::CanadianDollar, "CA$"),
    (NumberFormat::SingaporeDollar, "SGD"),
    (NumberFormat::Euro, "€"),
    (NumberFormat::Pound, "£"),
    (NumberFormat::Yen, "¥"),
    (NumberFormat::Ruble, "RUB"),
    (NumberFormat::Rupee, "₹"),
    (NumberFormat::Won, "₩"),
    (NumberFormat::Yuan, "CN¥"),
    (NumberFormat::Real, "R$"),
    (NumberFormat::Lira, "TRY"),
    (NumberFormat::Rupiah, "IDR"),
    (NumberFormat::Franc, "CHF"),
    (NumberFormat::HongKongDollar, "HK$"),
    (NumberFormat::NewZealandDollar, "NZ$"),
    (NumberFormat::Krona, "SEK"),
    (NumberFormat::NorwegianKrone, "NOK"),
    (NumberFormat::MexicanPeso, "MX$"),
    (NumberFormat::Rand, "ZAR"),
    (NumberFormat::NewTaiwanDollar, "NT$"),
    (NumberFormat::DanishKrone, "DKK"),
    (NumberFormat::Zloty, "PLN"),
    (NumberFormat::Baht, "THB"),
    (NumberFormat::Forint, "HUF"),
    (NumberFormat::Koruna, "CZK"),
    (NumberFormat::Shekel, "₪"),
    (NumberFormat::ChileanPeso, "CLP"),
    (NumberFormat::PhilippinePeso, "₱"),
    (NumberFormat::Dirham, "AED"),
    (NumberFormat::ColombianPeso, "COP"),
    (NumberFormat::Riyal, "SAR"),
    (NumberFormat::Ringgit, "MYR"),
    (NumberFormat::Leu, "RON"),
    (NumberFormat::ArgentinePeso, "ARS"),
    (NumberFormat::UruguayanPeso, "UYU"),
    (NumberFormat::PeruvianSol, "PEN"),
];

/// Currencies that have no smaller coin.
const WHOLE: &[NumberFormat] = &[NumberFormat::Yen, NumberFormat::Won, NumberFormat::ChileanPeso];

/// A number in a format.
pub fn text(number: f64, format: NumberFormat) -> String {
    let sign = if number < 0.0 { "-" } else { "" };
    let (whole, fraction) = digits(number, if format == NumberFormat::Percent { 2 } else { 0 });
    let grouped = || {
        let groups = whole.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(",")
    };
    match format {
        NumberFormat::Plain | NumberFormat::Other => format!("{sign}{whole}{}", point(&fraction)),
        NumberFormat::WithCommas => format!("{sign}{}{}", grouped(), point(&fraction)),
        NumberFormat::Percent => format!("{sign}{}{}%", grouped(), point(&fraction)),
        currency => {
            let (_, symbol) = CURRENCIES.iter().find(|(known, _)| *known == currency).unwrap();
            let space = if symbol.chars().all(|char| char.is_ascii_uppercase()) { "\u{a0}" } else { "" };
            let coins = if WHOLE.contains(&currency) { fraction } else { format!("{fraction:0<2}") };
            format!("{sign}{symbol}{space}{}{}", grouped(), point(&coins))
        }
    }
}

fn point(fraction: &str) -> String {
    if fraction.is_empty() { String::new() } else { format!(".{fraction}") }
}

/// The digits before and behind the point, which is moved to the right.
fn digits(number: f64, moved: i32) -> (String, String) {
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let digits = mantissa.replace('.', "");
    let before = exponent.parse::<i32>().unwrap() + 1 + moved;
    let leading = "0".repeat(usize::try_from(1 - before).unwrap_or(0));
    let following = "0".repeat(usize::try_from(before).unwrap_or(0).saturating_sub(digits.len()));
    let all = format!("{leading}{digits}{following}");
    let (whole, fraction) = all.split_at(usize::try_from(before.max(1)).unwrap());
    let whole = if number == 0.0 { "0" } else { whole };
    (whole.to_owned(), fraction.trim_end_matches('0').to_owned())
}
