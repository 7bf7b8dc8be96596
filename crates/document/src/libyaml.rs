//! What the parser takes and Go's libraries refuse: they are libyaml's scanner, and stricter about tabs above all.
//!
//! Source: `scannerc.go` of go.yaml.in/yaml, v2.4.4 and v3.0.4 (`yaml_parser_scan_to_next_token`, `…_scan_plain_scalar`,
//! `…_scan_block_scalar_breaks`, `…_scan_anchor`, `…_scan_tag`). A whole file that kubectl cannot read must not be read here
//! as if it could.

use crate::{Problem, Span, builder::Fatal, yaml_1_1::SEPARATORS};

/// Follows the events of a text and looks at what stands in and between them.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    /// Up to where it has been looked at.
    at: usize,
    /// Whether a key may begin where the last token ended, which is where tabs may not stand.
    key_allowed: bool,
    flow_level: usize,
    /// The columns of the open block collections.
    indents: Vec<usize>,
    /// The column of the outermost block collection.
    root: Option<usize>,
    /// Behind the last event: what begins further left does not belong to the document.
    floor: Option<usize>,
    /// Whether `---` or something of a document stands before.
    has_begun: bool,
}

/// What an event stands for in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Plain,
    Quoted,
    BlockScalar,
    Alias,
    FlowStart,
    FlowEnd,
    BlockStart,
    BlockEnd,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            key_allowed: true,
            flow_level: 0,
            indents: Vec::new(),
            root: None,
            floor: None,
            has_begun: false,
        }
    }

    /// Takes the next event. An empty span is a value that is missing.
    pub(crate) fn token(&mut self, token: Token, span: Span, is_key: bool) -> Result<(), Fatal> {
        match token {
            Token::BlockEnd => {
                self.indents.pop();
                return Ok(());
            }
            Token::BlockStart => {
                let column = self.column(span.start);
                self.root.get_or_insert(column);
                self.indents.push(self.indents.last().copied().unwrap_or(0).max(column));
                return Ok(());
            }
            _ if span.start == span.end => return Ok(()),
            _ => self.gap(span.start)?,
        }
        self.has_begun = true;
        if is_key && self.flow_level > 0 {
            self.flow_key(span)?;
        }
        self.at = span.end.max(self.at);
        self.key_allowed = token == Token::BlockScalar;
        match token {
            Token::FlowStart => self.flow_level += 1,
            Token::FlowEnd => self.flow_level = self.flow_level.saturating_sub(1),
            Token::Plain => self.plain(span)?,
            Token::BlockScalar => self.block_scalar(span)?,
            Token::Quoted => self.quoted(span)?,
            Token::Alias => self.alias(span)?,
            Token::BlockStart | Token::BlockEnd => {}
        }
        Ok(())
    }

    /// Looks at what stands behind the last event of a document, up to what stands behind the document.
    pub(crate) fn end(&mut self) -> Result<(), Fatal> {
        self.floor = Some(self.root.unwrap_or(usize::MAX));
        self.gap(self.text.len())
    }

    /// Between two tokens: blanks, comments, indicators, anchors and tags.
    fn gap(&mut self, end: usize) -> Result<(), Fatal> {
        let bytes = &self.text.as_bytes()[..end];
        let is_blank = |at: usize| bytes.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        while let Some(byte) = bytes.get(self.at).copied() {
            let at = self.at;
            self.at += 1;
            match byte {
                b'\t' if self.key_allowed && self.flow_level == 0 => return Err(tab(at).into()),
                b' ' | b'\t' => {}
                b'\r' | b'\n' => self.key_allowed = true,
                b'#' => self.at = self.line_end(at),
                b'%' if self.column(at) == 0 => {
                    self.directive(at)?;
                    // It ends the document.
                    if self.has_begun {
                        return Ok(());
                    }
                }
                _ if self.has_begun
                    && self.floor.is_some_and(|floor| {
                        self.column(at) < floor && (self.is_first_of_line(at) || floor == usize::MAX)
                    }) =>
                {
                    return Ok(());
                }
                b'-' | b'.'
                    if self.column(at) == 0
                        && matches!(&bytes[at..], [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..]) =>
                {
                    // What stands behind the document is not read.
                    if self.floor.is_some() && self.has_begun {
                        return Ok(());
                    }
                    if byte == b'.' && !self.has_begun {
                        return Err(syntax(at, "`...` ends a document, and none has begun").into());
                    }
                    self.has_begun = true;
                    self.at = at + 3;
                    self.key_allowed = false;
                }
                b'-' | b'?' if is_blank(self.at) => self.key_allowed = true,
                b':' => self.key_allowed = self.is_first_of_line(at),
                b'&' | b'!' => self.property(byte, at, bytes)?,
                b',' => {}
                // Something that only stands behind the document.
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// `%YAML 1.1` and `%TAG …`, wherever a `%` stands in the first column: there are no others.
    fn directive(&mut self, at: usize) -> Result<(), Fatal> {
        let message =
            "a line that begins with `%` is a directive, and Go's libraries take `%YAML 1.1` and `%TAG` alone";
        self.at = directive_end(self.text, at).ok_or_else(|| syntax(at, message))?;
        Ok(())
    }

    /// An anchor or a tag.
    fn property(&mut self, indicator: u8, at: usize, bytes: &[u8]) -> Result<(), Fatal> {
        let of_property = |byte: &u8| match indicator {
            b'&' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            _ => !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'#'),
        };
        let is_verbatim = bytes[at..].starts_with(b"!<");
        let length = bytes[at + 1..].iter().take_while(|byte| of_property(byte)).count();
        self.at = at + 1 + length;
        self.key_allowed = false;
        if indicator == b'!'
            && !is_verbatim
            && let Some(other) = bytes[at..self.at].iter().position(|byte| b",[]{}".contains(byte))
        {
            return Err(syntax(at + other, "a tag is followed by a blank").into());
        }
        let ends = self.text.as_bytes().get(self.at).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let what = if indicator == b'&' { NAME } else { "a tag is followed by a blank" };
        if ends { Ok(()) } else { Err(syntax(self.at, what).into()) }
    }

    fn alias(&self, span: Span) -> Result<(), Fatal> {
        let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let other = self.text[span.range()].bytes().skip(1).position(|byte| !is_of_name(byte));
        other.map_or(Ok(()), |at| Err(syntax(span.start + 1 + at, NAME).into()))
    }

    /// In brackets version 1.1 has other ideas of `?` and `:` than version 1.2.
    fn flow_plain(&self, span: Span) -> Result<(), Fatal> {
        let (written, behind) = (&self.text[span.range()], &self.text[span.end..]);
        let at = match written.find('?') {
            Some(at) => at,
            None if written.starts_with(':') => 0,
            None if behind.starts_with(':') && !behind[1..].starts_with([' ', '\t', '\r', '\n']) => written.len(),
            None => return Ok(()),
        };
        let message = "in brackets a `?` or `:` here means something else to Go's libraries; put the text into quotes";
        Err(syntax(span.start + at, message).into())
    }

    /// In brackets a key and its colon stand on one line.
    fn flow_key(&self, span: Span) -> Result<(), Fatal> {
        let behind = &self.text[span.end..];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let end = if behind[blanks..].starts_with(':') { span.end + blanks } else { span.end };
        match self.text[span.start..end].find(['\r', '\n']) {
            Some(at) => {
                Err(syntax(span.start + at, "a key ends on the line that it begins on, and so does its colon").into())
            }
            None => Ok(()),
        }
    }

    /// A plain scalar may go on on the next line, so its blanks are looked at up to whatever follows.
    fn plain(&mut self, span: Span) -> Result<(), Fatal> {
        if self.flow_level > 0 {
            self.flow_plain(span)?;
        }
        let rest = &self.text[span.end..];
        let behind = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let end = self.text.len() - behind.len();
        if let Some(indent) = self.indents.last().map(|column| column + 1) {
            for line in self.lines(Span { start: span.start, end }) {
                let spaces = self.spaces(line);
                if spaces < indent && line + spaces < end && self.text.as_bytes()[line + spaces] == b'\t' {
                    return Err(tab(line + spaces).into());
                }
            }
        }
        self.key_allowed |= self.text[span.end..end].contains(['\r', '\n']);
        self.at = end;
        Ok(())
    }

    /// In what indents a block scalar there are no tabs, on its empty lines neither.
    fn block_scalar(&mut self, span: Span) -> Result<(), Fatal> {
        let of_parent = self.indents.last().map_or(0, |column| column + 1);
        let indicator = self.text[span.start..].trim_start_matches(['|', '>', '+', '-']).bytes().next();
        let indicator = indicator.filter(u8::is_ascii_digit).map(|digit| usize::from(digit - b'0'));
        let mut indent = indicator.map(|indicator| of_parent.saturating_sub(1) + indicator);
        let rest = &self.text[span.end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        for line in self.lines(Span { start: span.start, end: span.end + blank }) {
            let spaces = self.spaces(line);
            let behind = self.text.as_bytes().get(line + spaces);
            if behind == Some(&b'\t') && indent.is_none_or(|indent| spaces < indent) {
                return Err(tab(line + spaces).into());
            }
            if indent.is_none() && behind.is_some_and(|byte| !matches!(byte, b'\r' | b'\n')) {
                indent = Some(spaces.max(of_parent).max(1));
            }
        }
        Ok(())
    }

    /// Escapes of YAML 1.2 that version 1.1 does not have, and halves of characters, which the library refuses even in pairs.
    fn quoted(&self, span: Span) -> Result<(), Fatal> {
        let written = &self.text[span.range()];
        if !written.starts_with('"') {
            return Ok(());
        }
        let mut bytes = written.bytes().enumerate();
        while let Some((_, byte)) = bytes.next() {
            let Some((at, escaped)) = (byte == b'\\').then(|| bytes.next()).flatten() else { continue };
            let digits = match escaped {
                b'/' => return Err(syntax(span.start + at, "there is no escape `\\/` in YAML 1.1; write `/`").into()),
                b'u' => 4,
                b'U' => 8,
                _ => continue,
            };
            let code = written.get(at + 1..at + 1 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
            if code.is_some_and(|code| (0xD800..=0xDFFF).contains(&code)) {
                let message =
                    "this escape is half a character, which Go's library takes for no character; write the character";
                return Err(syntax(span.start + at - 1, message).into());
            }
        }
        Ok(())
    }

    /// The beginnings of the lines that begin within a span.
    fn lines(&self, span: Span) -> impl Iterator<Item = usize> {
        let bytes = self.text.as_bytes();
        let is_break =
            move |at: &usize| bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        (span.start..span.end).filter(is_break).map(|at| at + 1)
    }

    fn spaces(&self, line: usize) -> usize {
        self.text.as_bytes()[line..].iter().take_while(|byte| **byte == b' ').count()
    }

    fn is_first_of_line(&self, at: usize) -> bool {
        self.text[..at]
            .trim_end_matches([' ', '\t'])
            .chars()
            .next_back()
            .is_none_or(|before| matches!(before, '\r' | '\n'))
    }

    fn column(&self, at: usize) -> usize {
        at - self.text[..at].rfind(['\r', '\n']).map_or(0, |at| at + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find(['\r', '\n']).map_or(self.text.len(), |end| at + end)
    }
}

/// Whether a directive that there is stands here, at the beginning of a line.
pub(crate) fn is_directive(text: &str, at: usize) -> bool {
    let is_first = text[..at].chars().next_back().is_none_or(|before| matches!(before, '\r' | '\n'));
    is_first && directive_end(text, at).is_some()
}

/// The end of a directive; `None` if it is of a name or a version that there is not.
fn directive_end(text: &str, at: usize) -> Option<usize> {
    let end = text[at..].find(['\r', '\n']).map_or(text.len(), |end| at + end);
    let line = text[at..end].strip_prefix('%').filter(|line| !line.starts_with([' ', '\t']))?;
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let is_known = match words.next()? {
        "YAML" => words.next().is_some_and(|version| version.split('#').next() == Some("1.1")),
        // The parser looks at the rest.
        "TAG" => true,
        _ => false,
    };
    is_known.then_some(end)
}

/// Separators of lines and paragraphs stay in a scalar, and end its line all the same: the parser does not know that.
pub(crate) fn refuse_separators(written: &str, span: Span) -> Result<(), Fatal> {
    match written.get(span.range()).and_then(|scalar| scalar.find(SEPARATORS)) {
        Some(at) => {
            let message = "a character that looks like nothing ends a line in this text (U+2028 or U+2029)";
            Err(Problem::error("document.syntax", Span::at(span.start + at), message).hint("delete it").into())
        }
        None => Ok(()),
    }
}

/// In YAML 1.2 it may hold anything, a colon at its end, too.
const NAME: &str = "the name of an anchor is of letters, digits, `-` and `_`, and a blank follows it";

/// Code of a tab where only blanks may stand. The message holds nothing of the file.
pub const TAB: &str = "document.tab";

/// Where a tab stands that the whole file is refused for.
pub(crate) fn tab(at: usize) -> Problem {
    let message = "a tab where YAML allows only spaces";
    Problem::error(TAB, Span::at(at), message).hint("write spaces in its place")
}

fn syntax(at: usize, message: &str) -> Problem {
    Problem::error("document.syntax", Span::at(at), message)
}
