//! Plain Markdown, by pulldown-cmark: the code blocks of a page and the prose around them.
//!
//! Hides how the parser cuts text into events: here each line of a code block gets its place in the file.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::options;
use crate::source::{Span, Spanned};

use super::{Block, Code, Comment, Fence, FenceKind, Prose};

/// A page's events. Offsets count from the start of the file.
pub(super) struct Page<'a> {
    text: &'a str,
    start: usize,
    events: Vec<(Event<'a>, Range<usize>)>,
}

impl<'a> Page<'a> {
    /// Parses `text` from byte `start` on.
    pub(super) fn parse(text: &'a str, start: usize) -> Self {
        let parser = Parser::new_ext(&text[start..], Options::empty());
        let events =
            parser.into_offset_iter().map(|(event, range)| (event, range.start + start..range.end + start)).collect();
        Self { text, start, events }
    }

    /// The first byte that was parsed.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Where code blocks and HTML blocks stand, in order.
    pub(super) fn opaque(&self) -> Vec<Range<usize>> {
        let opaque = self.events.iter().filter_map(|(event, range)| match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => Some(range.clone()),
            _ => None,
        });
        opaque.collect()
    }

    /// Each HTML block and each piece of HTML inside a text, in order.
    pub(super) fn html(&self) -> Vec<Code> {
        let mut pieces = Vec::new();
        let mut lines = None;
        for (event, range) in &self.events {
            match event {
                Event::Start(Tag::HtmlBlock) => lines = Some(Lines::default()),
                Event::Html(text) => {
                    if let Some(lines) = &mut lines {
                        lines.push(self.text, text, range.clone());
                    }
                }
                Event::End(TagEnd::HtmlBlock) => pieces.extend(lines.take().map(|lines| lines.finish(self.text))),
                Event::InlineHtml(_) => {
                    let mut lines = Lines::default();
                    lines.push(self.text, &self.text[range.clone()], range.clone());
                    pieces.push(lines.finish(self.text));
                }
                _ => {}
            }
        }
        pieces
    }

    /// The code blocks and the prose, in order, without what `comments` cover.
    pub(super) fn blocks(&self, comments: &[Comment]) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut prose: Option<Inline> = None;
        let mut code: Option<(Fence, Lines)> = None;
        let mut html: Option<String> = None;
        let mut comments = comments.iter().map(|comment| comment.span).peekable();
        for (event, range) in &self.events {
            while comments.next_if(|comment| comment.end <= range.start).is_some() {}
            let covered = |span: &Span| span.start <= range.start && range.end <= span.end;
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    close(&mut prose, &mut blocks);
                    code = Some((self.fence(kind, range), Lines::default()));
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((mut fence, lines)) = code.take() {
                        fence.code = lines.finish(self.text);
                        fence.closed = self.is_closed(&fence);
                        blocks.push(Block::Fence(Box::new(fence)));
                    }
                }
                Event::Text(text) if code.is_some() => {
                    if let Some((_, lines)) = &mut code {
                        lines.push(self.text, text, range.clone());
                    }
                }
                Event::Text(_) | Event::Code(_) | Event::InlineHtml(_) | Event::SoftBreak | Event::HardBreak
                    if comments.peek().is_some_and(covered) => {}
                Event::Start(Tag::Heading { .. }) => {
                    close(&mut prose, &mut blocks);
                    prose = Some(Inline { heading: true, ..Inline::at(range.start) });
                }
                Event::Start(Tag::Paragraph | Tag::Item | Tag::List(_) | Tag::BlockQuote(_))
                | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => close(&mut prose, &mut blocks),
                Event::Rule => {
                    close(&mut prose, &mut blocks);
                    blocks.push(Block::Prose { start: range.start, prose: Prose::Other });
                }
                Event::Start(Tag::HtmlBlock) => {
                    close(&mut prose, &mut blocks);
                    html = Some(String::new());
                }
                Event::Html(text) => html.iter_mut().for_each(|html| html.push_str(text)),
                Event::End(TagEnd::HtmlBlock) => {
                    if html.take().is_some_and(|html| !only_comments(&html)) {
                        blocks.push(Block::Prose { start: range.start, prose: Prose::Other });
                    }
                }
                event => prose.get_or_insert_with(|| Inline::at(range.start)).push(event),
            }
        }
        close(&mut prose, &mut blocks);
        blocks
    }

    fn fence(&self, kind: &CodeBlockKind<'_>, range: &Range<usize>) -> Fence {
        let end = range.start + self.text[range.clone()].trim_end_matches(['\n', '\r']).len();
        let mut fence = Fence {
            kind: FenceKind::Indented,
            span: Span::new(range.start, end),
            closed: true,
            swallowed: None,
            language: None,
            info: Spanned::new(String::new(), Span::new(range.start, range.start)),
            code: Code::default(),
            settings: Vec::new(),
            attributes: Vec::new(),
            hidden: false,
            heading: None,
            before: Vec::new(),
        };
        if matches!(kind, CodeBlockKind::Indented) {
            return fence;
        }
        let line = self.text[range.start..end].split(['\n', '\r']).next().unwrap_or_default();
        let marker = line.chars().next().unwrap_or('`');
        fence.kind = if marker == '~' { FenceKind::Tilde } else { FenceKind::Backtick };
        let info = line.trim_start_matches(marker);
        let at = range.start + line.len() - info.trim_start().len();
        let info = info.trim();
        if let Some((language, attributes)) = braced(info) {
            let part = |part: Range<usize>| (info[part.clone()].to_owned(), Span::new(at + part.start, at + part.end));
            let (language, place) = part(language);
            fence.language = Some(Spanned::new(language, place));
            let (attributes, place) = part(attributes);
            fence.attributes = options::parse(&attributes, place.start).0;
            fence.info = Spanned::new(attributes, place);
            return fence;
        }
        let word = info.split(char::is_whitespace).next().unwrap_or_default();
        if !word.is_empty() {
            fence.language = Some(Spanned::new(word.to_owned(), Span::new(at, at + word.len())));
        }
        let rest = info[word.len()..].trim_start();
        let at = at + info.len() - rest.len();
        fence.attributes = options::parse(rest, at).0;
        fence.info = Spanned::new(rest.to_owned(), Span::new(at, at + rest.len()));
        fence
    }

    /// True where something of the block is left below its code: its closing marker.
    fn is_closed(&self, fence: &Fence) -> bool {
        let opening = || self.text[fence.span.start..].find(['\n', '\r']).map_or(0, |end| fence.span.start + end);
        let last = fence.code.lines.last().map_or_else(opening, |line| line.end);
        let rest = self.text.get(last..fence.span.end).unwrap_or_default();
        fence.kind == FenceKind::Indented || rest.trim_end().ends_with(['`', '~'])
    }
}

/// The language and all that stands between the braces, where attributes are written as Pandoc reads them,
/// `{#id .bash .numberLines}`: the first class is the language.
fn braced(info: &str) -> Option<(Range<usize>, Range<usize>)> {
    let (inner, _) = info.strip_prefix('{')?.rsplit_once('}')?;
    if !inner.trim_start().starts_with(['.', '#']) {
        return None;
    }
    let mut at = 1;
    for word in inner.split_inclusive(char::is_whitespace) {
        let class = word.trim_end();
        if class.len() > 1 && class.starts_with('.') {
            return Some((at + 1..at + class.len(), 1..1 + inner.len()));
        }
        at += word.len();
    }
    None
}

/// The one code block that `body`, the inside of a comment, holds, with its places in the file; `None` where it holds
/// something else, too.
pub(super) fn only_fence(body: &Code) -> Option<Fence> {
    let mut blocks = Page::parse(&body.text, 0).blocks(&[]).into_iter();
    let (Some(Block::Fence(mut fence)), None) = (blocks.next(), blocks.next()) else { return None };
    if fence.kind == FenceKind::Indented {
        return None;
    }
    let place = |span: &mut Span| *span = body.place(span.start, span.end);
    place(&mut fence.span);
    place(&mut fence.info.span);
    fence.language.iter_mut().for_each(|language| place(&mut language.span));
    fence.attributes.iter_mut().for_each(|setting| setting.move_spans(place));
    fence.code.lines.iter_mut().for_each(place);
    Some(*fence)
}

/// True where a reader sees nothing of `html`.
fn only_comments(html: &str) -> bool {
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        if !before.trim().is_empty() {
            return false;
        }
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    rest.trim().is_empty()
}

/// Puts the text that has been gathered among the blocks.
fn close(prose: &mut Option<Inline>, blocks: &mut Vec<Block>) {
    let Some(inline) = prose.take() else { return };
    let text = inline.text.trim();
    let prose = if inline.heading {
        Prose::Heading(text.to_owned())
    } else if (text.is_empty() && inline.image) || text.starts_with('|') {
        // Tables are an extension of CommonMark: to this parser they are text.
        Prose::Other
    } else if text.is_empty() {
        return;
    } else {
        Prose::Paragraph(text.to_owned())
    };
    blocks.push(Block::Prose { start: inline.start, prose });
}

/// The text of a paragraph, heading or list item while it is gathered.
#[derive(Default)]
struct Inline {
    start: usize,
    text: String,
    heading: bool,
    image: bool,
    in_image: bool,
}

impl Inline {
    fn at(start: usize) -> Self {
        Self { start, ..Self::default() }
    }

    fn push(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(Tag::Image { .. }) => (self.image, self.in_image) = (true, true),
            Event::End(TagEnd::Image) => self.in_image = false,
            _ if self.in_image => {}
            Event::Text(text) => self.text.push_str(text),
            Event::Code(code) => self.text.extend(["`", code, "`"]),
            Event::Start(Tag::Strong) | Event::End(TagEnd::Strong) => self.text.push_str("**"),
            Event::SoftBreak | Event::HardBreak => self.text.push(' '),
            _ => {}
        }
    }
}

/// Lines that are gathered from a parser's pieces of text.
#[derive(Default)]
struct Lines {
    code: Code,
    /// The line that is being gathered, and where its first piece stands.
    line: String,
    start: Option<usize>,
    end: usize,
}

impl Lines {
    /// Takes a piece that stands at `range` of `source`. Its text is not always what stands there: a tab that reaches
    /// over a list's indent becomes blanks.
    fn push(&mut self, source: &str, piece: &str, range: Range<usize>) {
        let exact = source.get(range.clone()) == Some(piece);
        let mut at = range.start;
        for part in piece.split_inclusive('\n') {
            let start = *self.start.get_or_insert(at);
            let text = part.strip_suffix('\n');
            self.line.push_str(text.unwrap_or(part));
            self.end = if exact { at + text.unwrap_or(part).len() } else { range.end };
            if text.is_some() {
                if self.end > start && source[..self.end].ends_with('\r') {
                    self.end -= 1;
                }
                self.end_line(source);
            }
            at = if exact { at + part.len() } else { range.end };
        }
    }

    fn end_line(&mut self, source: &str) {
        let start = self.start.take().unwrap_or(self.end);
        let span = Span::new(start, self.end);
        let slice = &source[span.start..span.end];
        // What the parser made up beyond blanks has no place in the file: then the file's own words count.
        let line = if slice.ends_with(self.line.trim_start_matches(' ')) { &self.line } else { slice };
        self.code.text.push_str(line);
        self.code.text.push('\n');
        self.code.lines.push(span);
        self.line.clear();
    }

    fn finish(mut self, source: &str) -> Code {
        if self.start.is_some() {
            self.end_line(source);
        }
        self.code
    }
}
