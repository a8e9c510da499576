//! Hostile words and addresses.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SIGNS: &[&str] = &[
    "*", "**", "***", "_", "__", "~", "~~", "`", "``", "```", "~~~", "[", "]", "(", ")", "<", ">", "<b>",
    "</b>", "<!--", "<?", "<br>", "&", "&amp;", "&#42;", "&nbsp;", "#", "##", "-", "--", "---", "- ", "+",
    "=", "===", "1.", "2)", "10. ", "!", "![", "|", "| - |", "\\", "\\|", "$", "$$", "{", "}", ":", ":-",
    ":-:|", "\"", "'", "[x](y)", "[ ]", "[x] ", "[^1]", "[a]: b", "^", "/", ";", ".", ",", "%", "@",
    "\u{feff}",
];
const SPACES: &[&str] = &[
    "\n", "\n\n", "\r\n", "\r", "\t", "  ", "    ", "\u{a0}", "\u{3000}", "\u{2003}", "\u{200b}", "\u{2028}",
    "\u{2029}", "\u{85}", "\0", "\u{b}", "\u{c}", "\u{1f}", "\u{7f}",
];
const SCRIPTS: &[&str] = &[
    "é",
    "e\u{301}",
    "\u{301}",
    "中",
    "。",
    "「",
    "」",
    "が",
    "€",
    "😀",
    "👩\u{200d}🔬",
    "\u{200d}",
    "⚠\u{fe0f}",
    "🇩",
    "\u{1f3fd}",
    "각",
    "क\u{94d}",
    "ष",
    "א",
    "ع",
    "\u{202e}",
    "ß",
    "Ω",
    "“",
    "”",
    "—",
    "…",
    "©",
    "№",
    "١",
    "²",
];
const ADDRESSES: &[&str] = &[
    "http://a.b",
    "https://x.example/y_z?a=1&b=2",
    "HTTP://A.B",
    "www.a.b",
    "www.",
    "a@b.c",
    "ftp://a.b",
    "mailto:a@b.c",
    "http:",
    "://",
    "xmpp:a@b.c",
];

/// What every signed address carries, and no output may.
pub const SIGNATURE: &str = "s3cret";

/// Signed addresses, in every form they come in.
pub const SIGNED: &[&str] = &[
    "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b.html?X-Amz-Expires=3600&X-Amz-Signature=s3cret",
    "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/a.png?AWSAccessKeyId=a&Signature=s3cret",
    "https://file.notion.so/f/a/35261e8ce0a380c89f000123456789ab?table=block&signature=s3cret",
    "https://a.example/b?x-amz-credential=s3cret#c",
    "https://view.example/?src=https%3A%2F%2Fa.example%2Fb%3FX-Amz-Signature%3Ds3cret",
    "https://view.example/https%3A%2F%2Ffile.notion.so%2Fb%3Fsignature%3Ds3cret",
];

/// Hostile text.
pub fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        10 => "[a-zA-Z0-9]{1,4}",
        6 => Just(" ".to_owned()),
        14 => select(SIGNS).prop_map(str::to_owned),
        3 => select(SPACES).prop_map(str::to_owned),
        3 => select(SCRIPTS).prop_map(str::to_owned),
        1 => select(ADDRESSES).prop_map(str::to_owned),
        1 => select(SIGNED).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

/// Where links go.
pub const LINKS: &[&str] = &[
    "https://a.b/c",
    "https://a.b/(c)",
    "https://a.b/(c",
    "http://a.b/?x=1&copy=2",
    "mailto:a@b.c",
    "tel:+1",
    "HTTPS://A.B",
    "https://a.b/c_d*e[f]\\g",
    "https://a.b/&amp;",
    "https://a.b/c d",
    "https://a.b/<c>|`d`",
    "  https://a.b ",
    "https://a.b/é中",
    "javascript:alert(1)",
    "data:text/html,x",
    "",
    " ",
    "#anchor",
    "relative",
    "/35261e8ce0a380c89f000123456789ab",
    "/35261e8ce0a380c89f000123456789ab?pvs=25#45261e8ce0a380c89f000123456789ab",
    "https://www.notion.so/x-35261e8ce0a380c89f000123456789ab#45261e8ce0a380c89f000123456789ab",
    "https://app.notion.com/p/35261e8ce0a380c89f000123456789ab",
    "notion://35261e8ce0a380c89f000123456789ab",
    "notion://www.notion.so/35261e8ce0a380c89f000123456789ab?v=45261e8ce0a380c89f000123456789ab",
];
