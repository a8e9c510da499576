//! Where links go.

use std::borrow::Cow;

use crate::id::NotionId;
use crate::library::fidelity::LossKind;
use crate::markdown::Unresolved;
use crate::markdown::blocks::Renderer;
use crate::markdown::escape;
use crate::markdown::inline::{Place, said, shows};
use crate::markdown::piece::Kind;
use crate::markdown::pieces::Pieces;
use crate::notion::address::{self, LastingUrl};
use crate::notion::block::LinkTarget;
use crate::notion::link::{self, NotionLink};
use crate::notion::text::{Mention, RichText, RichTextKind};

/// A page as a link needs it.
pub(super) struct Resolved {
    pub(super) url: Option<LastingUrl>,
    pub(super) title: Option<String>,
}

impl Renderer<'_> {
    /// The target of a run, if it has one that may be linked.
    pub(super) fn run_target(&mut self, run: &RichText) -> Option<LastingUrl> {
        if let RichTextKind::Mention(mention) = &run.kind {
            match &**mention {
                Mention::Page(Some(id)) | Mention::Database(Some(id)) => return self.page(*id, None).url,
                Mention::LinkPreview(Some(url)) if run.href.is_none() => return self.target(url),
                Mention::Link(link) if run.href.is_none() => return self.target(link.href.as_deref()?),
                Mention::User(_) => return None,
                Mention::Page(None)
                | Mention::Database(None)
                | Mention::LinkPreview(_)
                | Mention::Link(_)
                | Mention::Date(_)
                | Mention::Template
                | Mention::CustomEmoji(_)
                | Mention::Unknown(_) => {}
            }
        }
        self.target(run.href.as_deref()?)
    }

    /// A target that may be linked: the host's own for a page it knows, none for a scheme that is not allowed.
    pub(super) fn target(&mut self, href: &str) -> Option<LastingUrl> {
        let href = href.trim();
        if href.is_empty() {
            return None;
        }
        let lasting = self.lasting(href)?;
        if self.trusted.contains(href) {
            return Some(lasting);
        }
        if let Some(link) = link::recognise(href) {
            let page = self.page(link.id, Some(href));
            return page.url.map(|url| self.at_block(url, &link));
        }
        let allowed = self.is_allowed(href);
        self.ledger.lose_if(!allowed, LossKind::LinkScheme);
        allowed.then_some(lasting)
    }

    /// The address, unless it carries a signature.
    pub(super) fn lasting(&mut self, address: impl Into<String>) -> Option<LastingUrl> {
        let lasting = LastingUrl::new(address);
        self.ledger.lose_if(lasting.is_none(), LossKind::SignedAddress);
        lasting
    }

    /// The words, without what is secret of the addresses in them.
    pub(super) fn lasting_words<'t>(&mut self, words: &'t str) -> Cow<'t, str> {
        let mut parts = [Cow::Borrowed(words)];
        self.cut_parts(&mut parts);
        let [words] = parts;
        words
    }

    pub(super) fn cut_parts(&mut self, parts: &mut [Cow<'_, str>]) {
        (0..address::cut_parts(parts)).for_each(|_| self.ledger.lose(LossKind::SignedAddress));
    }

    pub(super) fn is_allowed(&self, href: &str) -> bool {
        let Some((scheme, _)) = href.split_once(':') else { return false };
        let known = ["http", "https", "mailto", "tel"];
        known.iter().chain(self.options.schemes).any(|allowed| scheme.eq_ignore_ascii_case(allowed))
    }

    /// How a page is linked: by the host, else as the options say.
    pub(super) fn page(&mut self, id: NotionId, href: Option<&str>) -> Resolved {
        if let Some(link) = self.options.pages.and_then(|pages| pages(id)) {
            return Resolved { url: self.lasting(link.url), title: link.title };
        }
        self.ledger.exposure.notion_links += 1;
        let url = match self.options.unresolved {
            Unresolved::Notion => {
                let absolute = href.filter(|href| self.is_allowed(href)).map(str::to_owned);
                self.lasting(absolute.unwrap_or_else(|| link::page_url(id)))
            }
            Unresolved::Label => {
                self.ledger.lose(LossKind::PageLink);
                None
            }
        };
        Resolved { url, title: None }
    }

    /// A host's page at one of its blocks, where the block has an anchor there.
    fn at_block(&self, url: LastingUrl, link: &NotionLink) -> LastingUrl {
        let anchor =
            link.block.and_then(|block| self.options.anchors.and_then(|anchors| anchors(link.id, block)));
        match anchor {
            Some(anchor) if !url.as_str().contains('#') => {
                LastingUrl::new(format!("{url}#{anchor}")).unwrap_or(url)
            }
            _ => url,
        }
    }

    /// A paragraph that is one link.
    pub(super) fn link_line(&mut self, label: &str, url: Option<LastingUrl>) {
        self.block();
        let label = self.lasting_words(label);
        let mut pieces = Pieces::default();
        let link = url.map_or(0, |url| pieces.link(url));
        pieces.words(&label.replace(['\n', '\r'], " "), Kind::Text, 0, link);
        self.write_pieces(&mut pieces, Place::Paragraph);
    }

    /// A link that stands alone, labelled by its caption, else by its target.
    pub(super) fn bookmark(&mut self, url: &str, caption: &[RichText]) {
        self.ledger.lose(LossKind::Preview);
        let target = self.target(url);
        match target {
            Some(target) if shows(caption) && is_label(caption) => {
                self.block();
                self.labelled(caption, &target);
            }
            target => {
                if !url.trim().is_empty() {
                    self.link_line(url.trim(), target);
                }
                self.caption(caption);
            }
        }
    }

    pub(super) fn labelled(&mut self, label: &[RichText], target: &LastingUrl) {
        self.writer.out.push('[');
        let open = self.writer.out.len();
        self.rich_text(label, Place::Label);
        escape::end_link(&mut self.writer.out, open, target, false);
    }

    /// What the author wrote under something: a paragraph of its own.
    pub(super) fn caption(&mut self, caption: &[RichText]) {
        if shows(caption) {
            self.block();
            self.rich_text(caption, Place::Paragraph);
        }
    }

    pub(super) fn link_to_page(&mut self, target: LinkTarget) {
        match target {
            LinkTarget::Page(id) | LinkTarget::Database(id) => self.link_by_id(Some(id), ""),
            LinkTarget::Comment(_) => {
                self.ledger.exposure.comments += 1;
                self.ledger.lose(LossKind::LinkTarget);
            }
            LinkTarget::Unknown => self.ledger.lose(LossKind::LinkTarget),
        }
    }

    /// A link to a page whose title may be known.
    pub(super) fn link_by_id(&mut self, id: Option<NotionId>, title: &str) {
        let resolved = id.map_or(Resolved { url: None, title: None }, |id| self.page(id, None));
        let known = Some(title.trim()).filter(|title| !title.is_empty()).map(str::to_owned);
        match known.or(resolved.title).or_else(|| resolved.url.as_ref().map(ToString::to_string)) {
            Some(label) => self.link_line(&label, resolved.url),
            None => self.ledger.lose(LossKind::LinkTarget),
        }
    }
}

/// Whether a caption can be the text of a link or an image: one line without links.
pub(super) fn is_label(caption: &[RichText]) -> bool {
    caption.iter().all(|run| {
        let fits = match &run.kind {
            RichTextKind::Text => !breaks(run),
            RichTextKind::Equation(_) => true,
            RichTextKind::Mention(mention) => match **mention {
                Mention::Page(_) | Mention::Database(_) | Mention::LinkPreview(_) | Mention::Link(_) => false,
                Mention::User(_)
                | Mention::Date(_)
                | Mention::Template
                | Mention::CustomEmoji(_)
                | Mention::Unknown(_) => !breaks(run),
            },
        };
        fits && run.href.is_none()
    })
}

fn breaks(run: &RichText) -> bool {
    said(run).contains(['\n', '\r'])
}
