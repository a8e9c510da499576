//! Secrets in a text, by their patterns.

use std::ops::Range;

use super::leaks::LeakKind;
use super::spots::{Spot, ahead, behind, runs};

/// Tokens that begin with what says whose they are: the beginning, and how many characters follow at least.
const PREFIXES: &[(&str, usize)] = &[
    ("ghp_", 36),
    ("gho_", 36),
    ("ghu_", 36),
    ("ghs_", 36),
    ("ghr_", 36),
    ("github_pat_", 22),
    ("glpat-", 20),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk-ant-", 20),
    ("sk-proj-", 20),
    ("AIza", 35),
    ("npm_", 36),
    ("dop_v1_", 40),
    ("secret_", 40),
    ("ntn_", 40),
    ("hvs.", 24),
];

/// Of an AWS access key id.
const AWS: &[&str] = &["AKIA", "ASIA"];

/// Names of what is secret, before `=` or `:`.
const NAMES: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "access_key",
    "client_secret",
    "private_key",
    "secret_access_key",
];

/// What stands for a password where there is none.
const PLACEHOLDERS: &[&str] =
    &["password", "passwd", "pass", "passwort", "secret", "pwd", "token", "example", "changeme", "xxx"];

/// Finds secrets, each with a mask.
pub fn secrets(text: &str) -> Vec<Spot> {
    let mut spots = private_keys(text);
    spots.extend(prefixed(text));
    spots.extend(slack_hooks(text));
    spots.extend(bearers(text));
    spots.extend(in_urls(text));
    spots.extend(assigned(text));
    spots
}

fn spot(range: Range<usize>, shown: &str) -> Spot {
    Spot { range, kind: LeakKind::Secret, mask: Some(format!("{shown}…")) }
}

fn private_keys(text: &str) -> Vec<Spot> {
    const BEGIN: &str = "-----BEGIN ";
    let begins = text.match_indices(BEGIN).filter(|(at, _)| {
        let label = text[at + BEGIN.len()..].split("-----").next().unwrap_or_default();
        label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK")
    });
    let mut spots: Vec<Spot> = Vec::new();
    for (at, _) in begins {
        if spots.last().is_none_or(|last| last.range.end <= at) {
            let end = text[at..].find("-----END ").map_or(text.len(), |end| at + end);
            spots.push(spot(at..end, "-----BEGIN "));
        }
    }
    spots
}

const fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn prefixed(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for run in runs(text, is_token) {
        let word = text[run.clone()].trim_end_matches(['.', '-']);
        let range = run.start..run.start + word.len();
        let is_random = |rest: &str| {
            rest.bytes().any(|b| b.is_ascii_digit()) && rest.bytes().any(|b| b.is_ascii_alphabetic())
        };
        let known = PREFIXES.iter().find(|(prefix, least)| {
            word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least && is_random(rest))
        });
        let is_aws = word.len() == 20
            && AWS.iter().any(|prefix| word.starts_with(prefix))
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && !word.ends_with("EXAMPLE");
        let is_jwt = word.starts_with("eyJ") && word.len() >= 40 && word.matches('.').count() == 2;
        if let Some((prefix, _)) = known {
            spots.push(spot(range, prefix));
        } else if is_aws || is_jwt {
            let shown = if is_aws { &word[..4] } else { "eyJ" };
            spots.push(spot(range, shown));
        }
    }
    spots
}

fn slack_hooks(text: &str) -> Vec<Spot> {
    const HOOK: &str = "hooks.slack.com/services/";
    let hooks = text.match_indices(HOOK).filter_map(|(at, _)| {
        let begin = at + HOOK.len();
        let path = ahead(text, begin).split(|c: char| !is_token(c) && c != '/').next()?;
        let is_whole = path.starts_with('T') && path.split('/').filter(|part| part.len() >= 8).count() >= 3;
        is_whole.then(|| spot(begin..begin + path.len(), "T"))
    });
    hooks.collect()
}

fn bearers(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (at, _) in text.match_indices("earer ") {
        let is_word = at > 0 && text[..at].ends_with(['B', 'b']);
        let begin = at + "earer ".len();
        let token = ahead(text, begin)
            .split(|c: char| !is_token(c) && !matches!(c, '~' | '+' | '/' | '='))
            .next()
            .unwrap_or_default();
        if is_word && token.len() >= 20 && token.bytes().any(|b| b.is_ascii_digit()) {
            spots.push(spot(begin..begin + token.len(), ""));
        }
    }
    spots
}

/// `https://name:password@host`.
fn in_urls(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for (at, _) in text.match_indices("://") {
        let begin = at + 3;
        let authority = ahead(text, begin)
            .split(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | ')' | '?'))
            .next();
        let Some((user, _)) = authority.and_then(|authority| authority.rsplit_once('@')) else { continue };
        let Some((name, password)) = user.split_once(':') else { continue };
        if is_real(password) {
            let begin = begin + name.len() + 1;
            spots.push(spot(begin..begin + password.len(), ""));
        }
    }
    spots
}

/// Whether it is no placeholder: `<password>`, `$PASSWORD`, `***`.
fn is_real(password: &str) -> bool {
    let lower = password.to_lowercase();
    !password.is_empty()
        && !password.starts_with(['$', '<', '{', '[', '%'])
        && password.chars().any(|c| c.is_alphanumeric() && c != 'x' && c != 'X')
        && !PLACEHOLDERS.contains(&lower.as_str())
}

/// `password = hunter2.correct`, `"api_key": "…"`.
fn assigned(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    let lower = text.to_ascii_lowercase();
    for (at, separator) in lower.match_indices(['=', ':']) {
        let name = behind(&lower, at).trim_end_matches([' ', '"', '\'', '`']);
        let is_name = NAMES.iter().any(|known| {
            name.strip_suffix(known)
                .is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        });
        if !is_name {
            continue;
        }
        let value = ahead(text, at + separator.len()).trim_start_matches([' ', '"', '\'', '`']);
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '|' | ')' | '&');
        let value = value.split(is_end).next().unwrap_or_default();
        let has = |fits: fn(&u8) -> bool| value.as_bytes().iter().any(fits);
        let is_random = value.len() >= 8 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        if is_random && is_real(value) && !value.contains("://") {
            let begin = value.as_ptr() as usize - text.as_ptr() as usize;
            spots.push(spot(begin..begin + value.len(), ""));
        }
    }
    spots
}
