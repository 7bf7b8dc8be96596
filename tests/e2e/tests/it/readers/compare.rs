//! Our answers beside the program's, and the smallest mapping that shows a difference.

use std::{collections::BTreeSet, fmt};

use anyhow::ensure;
use e2e::exchange::Exchange;

use super::callers::{Answer, Caller, ask};

/// How often the program is asked where we say that there is one answer.
const ASKS: usize = 2;
/// How often it is asked at most until it has given every answer that we say is possible.
const MAX_ASKS: usize = 2000;

/// What was asked so far, and what came of it.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) maps: usize,
    pub(super) questions: usize,
    pub(super) let_in: usize,
    pub(super) undetermined: usize,
    pub(super) asks: usize,
    /// Who was let in as whom, over all maps: so many different answers.
    pub(super) answers: BTreeSet<Answer>,
}

/// We say something else than the program.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    server: &'static str,
    caller: &'static str,
    ours: BTreeSet<Answer>,
    theirs: BTreeSet<Answer>,
}

/// Asks for somebody until it is clear whether the program says what we say: any of these answers, and each at some time.
pub(super) fn compare(
    exchange: &mut Exchange,
    server: &'static str,
    caller: &Caller,
    ours: BTreeSet<Answer>,
    tally: &mut Tally,
) -> anyhow::Result<Option<Difference>> {
    let (theirs, asks) = everything_said(exchange, caller, &ours)?;
    tally.asks += asks;
    tally.questions += 1;
    tally.undetermined += usize::from(theirs.len() > 1);
    tally.let_in += usize::from(theirs.iter().any(|answer| *answer != Answer::Out));
    tally.answers.extend(theirs.iter().cloned());
    Ok((ours != theirs).then_some(Difference { server, caller: caller.name, ours, theirs }))
}

/// What a server says to somebody, who asks until it has said everything that is possible, or something else; and how often
/// they asked.
pub(super) fn everything_said(
    exchange: &mut Exchange,
    caller: &Caller,
    possible: &BTreeSet<Answer>,
) -> anyhow::Result<(BTreeSet<Answer>, usize)> {
    let token = caller.token()?;
    let mut said = BTreeSet::new();
    let mut asks = 0;
    // One answer too many shows at once, one too few only after a long time.
    while asks < ASKS || (asks < MAX_ASKS && said.len() < possible.len()) {
        said.insert(ask(exchange, &token)?);
        asks += 1;
        if !said.is_subset(possible) {
            break;
        }
    }
    Ok((said, asks))
}

impl Difference {
    /// Whether it is the same but for names.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shape = |answers: &BTreeSet<Answer>| {
            (answers.contains(&Answer::Out), answers.iter().any(|answer| *answer != Answer::Out), answers.len() > 1)
        };
        let shapes = |difference: &Self| (shape(&difference.ours), shape(&difference.theirs));
        (self.server, self.caller, shapes(self)) == (other.server, other.caller, shapes(other))
    }
}

impl Tally {
    /// Takes in what another server was asked.
    pub(super) fn add(&mut self, other: Self) {
        let Self { maps, questions, let_in, undetermined, asks, answers } = other;
        self.maps += maps;
        self.questions += questions;
        self.let_in += let_in;
        self.undetermined += undetermined;
        self.asks += asks;
        self.answers.extend(answers);
    }

    /// Whether the mappings were such that an answer means something.
    pub(super) fn says_something(&self) -> anyhow::Result<()> {
        // A few mappings by hand may be anything.
        ensure!(
            self.maps < 50 || (self.let_in * 20 > self.questions && self.answers.len() > 30),
            "little was tried: {self}"
        );
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, caller, ours, theirs } = self;
        let on = if server.is_empty() { "" } else { ", " };
        write!(f, "{caller}{on}{server}\n  ours   {ours:?}\n  theirs {theirs:?}")
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { maps, questions, let_in, undetermined, asks, answers } = self;
        let answers = answers.len();
        write!(
            f,
            "{maps} mappings, {questions} questions asked {asks} times: {let_in} let in, {undetermined} by chance as one or \
             another, {answers} different answers"
        )
    }
}

/// Makes texts smaller as long as something holds of them: whole texts go first, then lines, then single characters.
pub(super) fn shrink(
    mut texts: Vec<(String, String)>,
    mut holds: impl FnMut(&[(String, String)]) -> anyhow::Result<bool>,
) -> anyhow::Result<Vec<(String, String)>> {
    let mut at = 0;
    while at < texts.len() {
        let mut fewer = texts.clone();
        fewer.remove(at);
        if holds(&fewer)? {
            texts = fewer;
        } else {
            at += 1;
        }
    }
    for at in 0..texts.len() {
        for by_line in [true, false] {
            let split = |text: &str| -> Vec<String> {
                if by_line {
                    text.split_inclusive('\n').map(str::to_owned).collect()
                } else {
                    text.chars().map(String::from).collect()
                }
            };
            let mut size = split(&texts[at].1).len().div_ceil(2);
            while size > 0 {
                let mut start = 0;
                loop {
                    let pieces = split(&texts[at].1);
                    if start >= pieces.len() {
                        break;
                    }
                    let end = pieces.len().min(start + size);
                    let mut smaller = texts.clone();
                    smaller[at].1 = [&pieces[..start], &pieces[end..]].concat().concat();
                    if holds(&smaller)? {
                        texts = smaller;
                    } else {
                        start = end;
                    }
                }
                size = if size == 1 { 0 } else { size.div_ceil(2).min(size - 1) };
            }
        }
    }
    Ok(texts)
}
