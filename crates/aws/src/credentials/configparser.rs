//! The AWS CLI's two files as Python's `configparser` reads them, with which botocore does.
//!
//! Source: `RawConfigParser._read` of Python 3.11, and `configloader.py` of botocore. What ends the one with an error is an error here, with
//! the line and what is wrong there: the AWS CLI does nothing at all with such a file.
//!
//! Where a file is wrong, a key may stand anywhere: no text of it is quoted but names of settings that are known.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{ini::Sections, slips::is_known};

/// Why a text is none of these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// From 1.
    pub(crate) line: usize,
    /// What is wrong, and what to do. It holds no secret.
    pub(crate) problem: String,
}

/// The section whose settings are everybody's.
const OF_ALL: &str = "DEFAULT";

/// Reads the credentials file: a section's header is the profile's name.
pub(crate) fn credentials(text: &str) -> Result<Sections, Wrong> {
    let (sections, of_all) = read(text)?;
    let mut all = Sections::new();
    for (header, settings) in sections {
        let settings = settled(&header, settings, &of_all)?;
        all.insert(header, settings);
    }
    Ok(all)
}

/// Reads the config file: of sections the kind and the name count, whatever quotation marks are around it. One that comes again under
/// another spelling replaces the first. Headers of other kinds are returned besides: nobody reads their sections.
pub(crate) fn config(text: &str) -> Result<(Sections, Vec<String>), Wrong> {
    let (sections, of_all) = read(text)?;
    // In the file's order, by the line of each section.
    let mut sections: Vec<_> = sections.into_iter().collect();
    sections.sort_by_key(|(_, settings)| settings.get("").map_or(0, |(line, _)| *line));
    let (mut named, mut others) = (Sections::new(), Vec::new());
    for (header, settings) in sections {
        let settings = settled(&header, settings, &of_all)?;
        let kind_and_name = match header.as_str() {
            "default" => Some("profile default".to_owned()),
            _ => kind_and_name(&header),
        };
        match kind_and_name {
            Some(header) => drop(named.insert(header, settings)),
            None => others.push(header),
        }
    }
    Ok((named, others))
}

/// `profile my team` of `profile "my team"`; the AWS CLI looks at how a header begins. None where there is another number of words.
fn kind_and_name(header: &str) -> Option<String> {
    let kind = ["profile", "sso-session", "services"].into_iter().find(|kind| header.starts_with(kind))?;
    match &words(header)?[..] {
        [_, name] => Some(format!("{kind} {name}")),
        _ => None,
    }
}

/// Words as a shell's, and `shlex.split`'s; `None` if a quotation mark is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(letters.next()?),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        letter => word.push(letter),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            letter @ ('"' | '\\') => word.push(letter),
                            letter => word.extend(['\\', letter]),
                        },
                        letter => word.push(letter),
                    }
                }
            }
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    Some(words)
}

/// Settings with the lines that they stand in; under the empty name a section has its own line.
type Settings = BTreeMap<String, (usize, String)>;

/// Sections by their headers, and their settings, whose values are not joined yet of the lines that they stand in.
type Unjoined = BTreeMap<String, BTreeMap<String, (usize, Vec<String>)>>;

/// Sections by their headers, and what holds for all of them.
fn read(text: &str) -> Result<(BTreeMap<String, Settings>, Settings), Wrong> {
    let wrong = |line: usize, problem: String| Wrong { line, problem };
    let mut sections = Unjoined::new();
    let (mut section, mut key, mut indent) = (None::<String>, None::<String>, 0);
    let mut unknown = None;
    for (index, line) in lines(text.trim_start_matches('\u{feff}')).enumerate() {
        let number = index + 1;
        let content = line.trim();
        let lines_of_value = |sections: &mut Unjoined, content: &str| {
            let (Some(section), Some(key)) = (&section, &key) else { return };
            if let Some((_, lines)) = sections.get_mut(section).and_then(|settings| settings.get_mut(key)) {
                lines.push(content.to_owned());
            }
        };
        if content.starts_with(['#', ';']) {
            continue;
        }
        if content.is_empty() {
            lines_of_value(&mut sections, "");
            continue;
        }
        let own_indent = line.chars().take_while(|letter| letter.is_whitespace()).count();
        if section.is_some() && key.is_some() && own_indent > indent {
            lines_of_value(&mut sections, content);
            continue;
        }
        indent = own_indent;
        if let Some(header) = header(content) {
            match sections.entry(header.to_owned()) {
                Entry::Occupied(entry) if header != OF_ALL => {
                    let first = entry.get().get("").map_or(0, |(line, _)| *line);
                    let problem = format!("this section is there twice, first in line {first}; merge the two");
                    return Err(wrong(number, problem));
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(entry) => {
                    entry.insert(BTreeMap::from([(String::new(), (number, Vec::new()))]));
                }
            }
            (section, key) = (Some(header.to_owned()), None);
            continue;
        }
        let Some(section) = &section else {
            let problem = "this line comes before any section; begin the file with one, such as [default]".to_owned();
            return Err(wrong(number, problem));
        };
        let Some((name, value)) = content.split_once(['=', ':']).filter(|(name, _)| !name.trim().is_empty()) else {
            // The AWS CLI reads on, and says it in the end.
            unknown.get_or_insert_with(|| {
                wrong(
                    number,
                    "this line is neither a section, such as [default], nor a setting, such as `name = value`"
                        .to_owned(),
                )
            });
            continue;
        };
        let name = name.trim_end().to_lowercase();
        let settings = sections.entry(section.clone()).or_default();
        if let Some((first, _)) = settings.get(&name) {
            let what = shown(&name).unwrap_or("this setting");
            return Err(wrong(number, format!("{what} is set twice in its section, first in line {first}; keep one")));
        }
        settings.insert(name.clone(), (number, vec![value.trim().to_owned()]));
        key = Some(name);
    }
    if let Some(wrong) = unknown {
        return Err(wrong);
    }
    let joined =
        |(key, (line, lines)): (String, (usize, Vec<String>))| (key, (line, lines.join("\n").trim_end().to_owned()));
    let read = sections.into_iter().map(|(header, settings)| (header, settings.into_iter().map(joined).collect()));
    let mut read: BTreeMap<String, Settings> = read.collect();
    let of_all = read.remove(OF_ALL).unwrap_or_default();
    Ok((read, of_all))
}

/// The settings of a section, with those of all where it has none. A value that begins in the next line holds settings of its own, which count
/// in `[services …]` alone: there `sts.endpoint_url` is the name.
fn settled(header: &str, settings: Settings, of_all: &Settings) -> Result<BTreeMap<String, String>, Wrong> {
    let mut merged = of_all.clone();
    merged.extend(settings);
    let mut all = BTreeMap::new();
    for (key, (line, value)) in merged.into_iter().filter(|(key, _)| !key.is_empty()) {
        if !value.starts_with('\n') {
            all.insert(key, value);
            continue;
        }
        for below in value.split('\n').map(str::trim).filter(|below| !below.is_empty()) {
            let Some((name, value)) = below.split_once('=') else {
                let problem = match shown(&key) {
                    Some(key) => format!("the value of {key} stands in no line of its own"),
                    None => "the value stands in no line of its own".to_owned(),
                };
                let problem = format!(
                    "{problem}: write it behind the `=`, or settings, as `name = value`, into every line below"
                );
                return Err(Wrong { line, problem });
            };
            if header.starts_with("services") {
                all.insert(format!("{key}.{}", name.trim()), value.trim().to_owned());
            }
        }
        all.insert(key, String::new());
    }
    Ok(all)
}

/// The name of a setting, if it may be said.
fn shown(name: &str) -> Option<&str> {
    Some(name).filter(|name| is_known(name))
}

/// What stands between the first bracket and the last.
fn header(content: &str) -> Option<&str> {
    let inside = content.strip_prefix('[')?;
    Some(&inside[..inside.rfind(']')?]).filter(|header| !header.is_empty())
}

/// As Python ends lines.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.filter(|text| !text.is_empty())?;
        let Some(end) = text.find(['\n', '\r']) else {
            rest = None;
            return Some(text);
        };
        let length = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    })
}

#[cfg(test)]
mod tests;
