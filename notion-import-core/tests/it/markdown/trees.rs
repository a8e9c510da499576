//! Trees to convert: every kind of block, hostile text in every place.

use notion_import_core::NotionId;
use notion_import_core::notion::{
    Annotations, Block, BlockTree, Bookmark, Callout, Code, Color, Content, CustomEmoji, DateRange, File,
    FileSource, Handle, Heading, HeadingText, HostedFile, Icon, LinkMention, LinkTarget, ListFormat,
    MeetingNotes, MeetingParts, Mention, NumberedListItem, RichText, RichTextKind, SignedUrl, Table, Text,
    ToDo, TreeBuilder, UnknownBlock,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{LINKS, SIGNED, words};

/// A block and its children, as generated.
#[derive(Clone, Debug)]
pub struct Branch {
    pub content: Content,
    pub has_children: bool,
    pub children: Vec<Branch>,
}

impl Branch {
    pub fn new(content: Content, children: Vec<Branch>) -> Self {
        Self { content, has_children: false, children }
    }

    fn size(&self) -> u128 {
        1 + self.children.iter().map(Self::size).sum::<u128>()
    }
}

/// The tree of the branches, each block with an id of its own.
pub fn tree(branches: Vec<Branch>) -> BlockTree {
    fn add(builder: &mut TreeBuilder, of: Option<Handle>, branches: Vec<Branch>, count: &mut u128) {
        for Branch { mut content, has_children, children } in branches {
            *count += 1;
            led_to(&mut content, &children, *count);
            let id = numbered_id(*count);
            let block = vec![Block { id, has_children, ..Block::new(content) }];
            let handles = match of {
                None => builder.roots(block),
                Some(of) => builder.children(of, block),
            };
            add(builder, Some(handles[0]), children, count);
        }
    }
    let mut builder = TreeBuilder::default();
    add(&mut builder, None, branches, &mut 0);
    builder.build()
}

fn id() -> NotionId {
    "35261e8c-e0a3-80c8-9f00-0123456789ab".parse().unwrap()
}

pub fn target() -> impl Strategy<Value = String> {
    prop_oneof![12 => select(LINKS), 1 => select(SIGNED)].prop_map(str::to_owned)
}

pub fn date() -> impl Strategy<Value = DateRange> {
    let time = || {
        let written = select(vec!["2026-05-01", "2026-05-01T09:00:00.000", "2026-05-01T09:00:00.000+02:00"]);
        prop_oneof![1 => written.prop_map(str::to_owned), 1 => words()]
    };
    let zone = option::of(prop_oneof![Just("Europe/Berlin".to_owned()), words()]);
    (option::of(time()), option::of(time()), zone).prop_map(|(start, end, time_zone)| DateRange {
        start,
        end,
        time_zone,
    })
}

fn mention() -> impl Strategy<Value = Mention> {
    prop_oneof![
        Just(Mention::User(None)),
        any::<bool>().prop_map(|known| Mention::Page(known.then(id))),
        any::<bool>().prop_map(|known| Mention::Database(known.then(id))),
        date().prop_map(Mention::Date),
        option::of(target()).prop_map(Mention::LinkPreview),
        (option::of(target()), option::of(words()))
            .prop_map(|(href, title)| Mention::Link(LinkMention { href, title })),
        Just(Mention::Template),
        words().prop_map(|name| Mention::CustomEmoji(CustomEmoji { name, ..CustomEmoji::default() })),
        Just(Mention::Unknown("agent".to_owned())),
    ]
}

fn math() -> impl Strategy<Value = String> {
    let source = select(vec![
        "x",
        "\\frac{a}{b}",
        "a*b*c",
        "a_b",
        "x`y",
        "a | b",
        "a$b",
        "{",
        "}{",
        "a\\",
        "\\$",
        "a\nb",
        "x < y",
        "\\\\",
        "1",
        "",
    ]);
    prop_oneof![3 => source.prop_map(str::to_owned), 1 => words()]
}

fn kind() -> impl Strategy<Value = RichTextKind> {
    prop_oneof![
        12 => Just(RichTextKind::Text),
        2 => math().prop_map(RichTextKind::Equation),
        2 => mention().prop_map(|mention| RichTextKind::Mention(Box::new(mention))),
    ]
}

fn color() -> impl Strategy<Value = Color> {
    prop_oneof![12 => Just(Color::Default), 1 => Just(Color::Red), 1 => Just(Color::DefaultBackground)]
}

fn annotations() -> impl Strategy<Value = Annotations> {
    let marks = prop_oneof![
        3 => Just([false; 5]),
        3 => any::<[bool; 5]>(),
        3 => any::<[bool; 3]>().prop_map(|[bold, italic, strike]| [bold, italic, strike, false, false]),
    ];
    (marks, color()).prop_map(|([bold, italic, strikethrough, code, underline], color)| Annotations {
        bold,
        italic,
        strikethrough,
        underline,
        code,
        color,
    })
}

fn run() -> impl Strategy<Value = RichText> {
    // Some links are labelled by an address, perhaps their own.
    let text = prop_oneof![40 => words(), 1 => target()];
    (text, annotations(), kind(), option::weighted(0.12, target()))
        .prop_map(|(plain_text, annotations, kind, href)| RichText { plain_text, href, annotations, kind })
}

pub fn text() -> impl Strategy<Value = Vec<RichText>> {
    vec(run(), 0..5)
}

fn icon() -> impl Strategy<Value = Option<Icon>> {
    prop_oneof![
        4 => Just(None),
        2 => Just(Some(Icon::Emoji("💡".to_owned()))),
        1 => Just(Some(Icon::Emoji("1.".to_owned()))),
        1 => words().prop_map(|name| Some(Icon::CustomEmoji(CustomEmoji { name, ..CustomEmoji::default() }))),
        1 => target().prop_map(|url| Some(Icon::Image(FileSource::at(url)))),
        1 => select(SIGNED).prop_map(|url| Some(Icon::Emoji(url.to_owned()))),
        1 => Just(Some(Icon::Unknown("new".to_owned()))),
    ]
}

fn callout() -> impl Strategy<Value = Callout> {
    (text(), color(), icon()).prop_map(|(rich_text, color, icon)| Callout { rich_text, color, icon })
}

fn plain() -> impl Strategy<Value = Text> {
    (text(), color()).prop_map(|(rich_text, color)| Text { rich_text, color })
}

pub fn file() -> impl Strategy<Value = File> {
    let source = prop_oneof![
        Just(FileSource::Missing),
        target().prop_map(FileSource::External),
        target().prop_map(FileSource::at),
        Just(FileSource::Hosted(HostedFile {
            url: SignedUrl::new("https://s3/a%20b.png?X-Amz-Signature=s3cret"),
            expiry_time: None
        })),
    ];
    (source, text(), option::of(words())).prop_map(|(source, caption, name)| File { source, caption, name })
}

fn embed() -> impl Strategy<Value = File> {
    let elsewhere = (prop_oneof![target(), words()], text());
    let elsewhere =
        elsewhere.prop_map(|(url, caption)| File { source: FileSource::External(url), caption, name: None });
    prop_oneof![2 => elsewhere, 1 => file()]
}

fn bookmark() -> impl Strategy<Value = Bookmark> {
    let url = prop_oneof![target(), words()];
    (url, text()).prop_map(|(url, caption)| Bookmark { url, caption })
}

fn paragraph() -> impl Strategy<Value = Content> {
    text().prop_map(|rich_text| Content::Paragraph(Callout { rich_text, ..Callout::default() }))
}

fn heading() -> impl Strategy<Value = Content> {
    (1..5_u8, text(), color(), any::<bool>()).prop_map(|(level, rich_text, color, is_toggleable)| {
        Content::Heading(Heading { level, text: HeadingText { rich_text, color, is_toggleable } })
    })
}

fn numbered() -> impl Strategy<Value = Content> {
    let start = option::weighted(0.3, select(vec![0.0, 1.0, 2.0, 7.0, 999_999_998.0]));
    let format = prop_oneof![6 => Just(ListFormat::Numbers), 1 => Just(ListFormat::Roman)];
    (text(), color(), start, format).prop_map(|(rich_text, color, list_start_index, list_format)| {
        Content::NumberedListItem(NumberedListItem { rich_text, color, list_start_index, list_format })
    })
}

fn code() -> impl Strategy<Value = Content> {
    let language = prop_oneof![
        select(vec!["rust", "plain text", "c++", "java/c/c++/c#", "visual basic", "", "f#", "a`b"])
            .prop_map(str::to_owned),
        "[a-z+# `~]{0,6}",
    ];
    (vec(run(), 0..3), language, text())
        .prop_map(|(rich_text, language, caption)| Content::Code(Code { rich_text, language, caption }))
}

/// Blocks that have children.
fn parent() -> impl Strategy<Value = Content> {
    prop_oneof![
        4 => plain().prop_map(Content::BulletedListItem),
        4 => numbered(),
        3 => (text(), color(), any::<bool>()).prop_map(|(rich_text, color, checked)| Content::ToDo(ToDo { rich_text, color, checked })),
        3 => plain().prop_map(Content::Quote),
        2 => plain().prop_map(Content::Toggle),
        3 => callout().prop_map(Content::Paragraph),
        1 => select(vec!["Summary", "Notes", "Transcript"]).prop_map(|name| {
            Content::Paragraph(Callout { rich_text: vec![RichText::plain(name)], ..Callout::default() })
        }),
        2 => callout().prop_map(Content::Callout),
        2 => heading(),
        1 => Just(Content::ColumnList),
        1 => Just(Content::Column(Some(0.5))),
        1 => any::<bool>().prop_map(|copy| Content::SyncedBlock(copy.then(id))),
        1 => Just(Content::Tab),
        1 => plain().prop_map(Content::Template),
        2 => meeting(),
        1 => unknown(),
    ]
}

/// Notes of a meeting that point to some of their children, and to blocks that are not there.
fn meeting() -> impl Strategy<Value = Content> {
    let part = || option::of((0..4_u128).prop_map(nth));
    (text(), part(), part(), part()).prop_map(|(title, summary, notes, transcript)| {
        let children = MeetingParts {
            summary_block_id: summary,
            notes_block_id: notes,
            transcript_block_id: transcript,
        };
        Content::MeetingNotes(Box::new(MeetingNotes { title, children, ..MeetingNotes::default() }))
    })
}

/// What stands for the id of a child until the tree is made.
fn nth(child: u128) -> NotionId {
    format!("{:032x}", u128::MAX - child).parse().unwrap()
}

/// Lets the pointers of a meeting lead to its children, where it has so many.
fn led_to(content: &mut Content, children: &[Branch], own: u128) {
    let Content::MeetingNotes(notes) = content else { return };
    let MeetingParts { summary_block_id, notes_block_id, transcript_block_id } = &mut notes.children;
    let mut next = own + 1;
    for (at, child) in children.iter().enumerate() {
        for pointer in [&mut *summary_block_id, &mut *notes_block_id, &mut *transcript_block_id] {
            if *pointer == Some(nth(at as u128)) {
                *pointer = numbered_id(next);
            }
        }
        next += child.size();
    }
}

pub fn numbered_id(number: u128) -> Option<NotionId> {
    format!("{number:032x}").parse().ok()
}

fn unknown() -> impl Strategy<Value = Content> {
    (words(), vec(text(), 0..3)).prop_map(|(name, texts)| Content::Unknown(UnknownBlock { name, texts }))
}

/// Blocks that have none.
fn leaf() -> impl Strategy<Value = Content> {
    let link = prop_oneof![
        Just(LinkTarget::Page(id())),
        Just(LinkTarget::Database(id())),
        Just(LinkTarget::Comment(id())),
        Just(LinkTarget::Unknown)
    ];
    prop_oneof![
        10 => paragraph(),
        3 => heading(),
        3 => code(),
        2 => Just(Content::Divider),
        2 => math().prop_map(Content::Equation),
        1 => select(vec![Content::Breadcrumb, Content::TableOfContents]),
        1 => vec(text(), 0..4).prop_map(Content::TableRow),
        1 => bookmark().prop_map(Content::Bookmark),
        1 => embed().prop_map(Content::Embed),
        1 => target().prop_map(|url| Content::LinkPreview(Bookmark { url, caption: Vec::new() })),
        2 => file().prop_map(Content::Image),
        1 => file().prop_map(Content::Video),
        1 => file().prop_map(Content::Pdf),
        1 => file().prop_map(Content::Audio),
        1 => file().prop_map(Content::File),
        1 => link.prop_map(Content::LinkToPage),
        1 => words().prop_map(Content::ChildPage),
        1 => words().prop_map(Content::ChildDatabase),
        1 => words().prop_map(Content::Unsupported),
        1 => unknown(),
    ]
}

fn table() -> impl Strategy<Value = Branch> {
    let rows = vec(vec(vec(run(), 0..3), 0..4), 0..4);
    let stray = option::weighted(0.05, paragraph());
    let width = option::of(0..4_u8);
    (any::<[bool; 2]>(), width, rows, stray).prop_map(
        |([has_column_header, has_row_header], width, rows, stray)| {
            let table = Table { table_width: width.map(f64::from), has_column_header, has_row_header };
            let children = rows.into_iter().map(Content::TableRow).chain(stray);
            Branch::new(
                Content::Table(table),
                children.map(|content| Branch::new(content, Vec::new())).collect(),
            )
        },
    )
}

fn single() -> impl Strategy<Value = Branch> {
    let leaf = (leaf(), proptest::bool::weighted(0.03)).prop_map(|(content, has_children)| Branch {
        content,
        has_children,
        children: Vec::new(),
    });
    prop_oneof![6 => leaf, 1 => table()]
}

/// A block with what is in it.
pub fn branch() -> impl Strategy<Value = Branch> {
    single().prop_recursive(4, 12, 4, |inner| {
        (parent(), vec(inner, 0..4)).prop_map(|(content, children)| Branch::new(content, children))
    })
}

/// Blocks inside one another, twelve deep, each with perhaps a sibling.
pub fn deep() -> impl Strategy<Value = Branch> {
    let level = (parent(), option::weighted(0.3, single()), option::weighted(0.3, single()));
    (vec(level, 11), single()).prop_map(|(levels, innermost)| {
        levels.into_iter().fold(innermost, |inner, (content, before, after)| {
            Branch::new(content, before.into_iter().chain([inner]).chain(after).collect())
        })
    })
}
