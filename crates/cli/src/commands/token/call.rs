//! The two calls that kubectl makes over and over, recognised before the full command line is built:
//! `cluster-auth token …` and the AWS CLI's `… eks get-token …`.
//!
//! Building a parser for every command costs half a millisecond, which is most of what a token takes.

use std::ffi::{OsStr, OsString};

use clap::{Parser, Subcommand, error::ErrorKind};

use super::{
    Request, TokenArgs,
    aws_cli::{GetToken, around},
    run,
};
use crate::{
    exit::{CommandResult, Failure},
    global::{Global, is_plugin, program},
    process::Process,
    settings,
};

/// A call for a token, not yet parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// `token` is the first argument; what follows are its flags.
    Token(Vec<OsString>),
    /// `eks get-token` stands somewhere; the flags around it.
    EksGetToken(Vec<OsString>),
}

impl Call {
    /// Looks at the words alone. Calls with global flags before `token` go the long way, with the same result, and so do
    /// those of kubectl's plugin, which nothing calls over and over.
    pub(crate) fn recognise(arguments: &[OsString]) -> Option<Self> {
        if is_plugin(arguments) {
            return None;
        }
        let words = arguments.get(1..)?;
        if words.first()? == "token" {
            return Some(Self::Token(words[1..].to_vec()));
        }
        around(arguments, ["eks", "get-token"]).map(Self::EksGetToken)
    }
}

/// `token` with a parser of its own.
#[derive(Debug, Parser)]
#[command(
    name = "cluster-auth token",
    about = "Print a bearer token for kubectl (exec plugin)",
    args_override_self = true
)]
struct TokenCall {
    #[command(flatten)]
    args: TokenArgs,
    #[command(flatten)]
    global: Global,
}

/// Parses the call and prints the token.
pub(crate) fn run_call(call: &Call, process: &Process) -> CommandResult {
    let (args, global) = call.parse(program(&process.arguments))?;
    global.say_log_format();
    run(&args, &global, process)
}

/// What a kubeconfig's plugin would sign, by the program and its arguments; `None` if that makes no tokens of AWS
/// credentials.
pub(crate) fn request_of(line: &[OsString], process: &Process) -> Result<Option<Request>, Failure> {
    let Ok((args, global)) = parse(line) else { return Ok(None) };
    let config = settings::config(&global)?;
    Request::resolve(&args, &global, process, &config, line).map(Some)
}

/// Whether the words behind the program's name would be understood, as in a kubeconfig's exec section; else why not.
pub(crate) fn accepts(words: &[String]) -> Result<(), String> {
    let line: Vec<OsString> =
        ["cluster-auth"].into_iter().chain(words.iter().map(String::as_str)).map(Into::into).collect();
    // What is behind an empty line is how to call it; what is before may be a list.
    let first = |text: &str| {
        let said: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        said.join(" ").trim_start_matches("error: ").to_owned()
    };
    parse(&line).map(drop).map_err(|why| first(&why))
}

/// A line with flags of every command before `token`.
#[derive(Debug, Parser)]
#[command(args_override_self = true)]
struct Line {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Only,
}

#[derive(Debug, Subcommand)]
enum Only {
    #[command(args_override_self = true)]
    Token(TokenArgs),
}

/// A whole line, the program first, as a call for a token; else why it is none.
fn parse(line: &[OsString]) -> Result<(TokenArgs, Global), String> {
    match Call::recognise(line) {
        Some(call) => call.parse("cluster-auth").map_err(|error| error.to_string()),
        None => match Line::try_parse_from(line) {
            Ok(Line { command: Only::Token(args), global }) => Ok((args, global.settled())),
            Err(error) => match error.kind() {
                ErrorKind::InvalidSubcommand
                | ErrorKind::MissingSubcommand
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err("it asks for no token".to_owned()),
                _ => Err(error.to_string()),
            },
        },
    }
}

impl Call {
    /// Reads the flags. The program was called by this name, by which help calls it.
    fn parse(&self, called: &str) -> Result<(TokenArgs, Global), clap::Error> {
        let program = OsStr::new("cluster-auth");
        match self {
            Self::Token(flags) => {
                let words = [program].into_iter().chain(flags.iter().map(OsString::as_os_str));
                let TokenCall { args, global } = parsed(&format!("{called} token"), words)?;
                Ok((args, global.settled()))
            }
            Self::EksGetToken(flags) => {
                let words = [program].into_iter().chain(flags.iter().map(OsString::as_os_str));
                let call: GetToken = parsed(&format!("{called} eks get-token"), words)?;
                call.settled()
            }
        }
    }
}

/// Reads words, the program first, as a command that help calls by this name.
pub(crate) fn parsed<'a, T: Parser>(name: &str, words: impl Iterator<Item = &'a OsStr>) -> Result<T, clap::Error> {
    let mut command = T::command().bin_name(name);
    let matches = command.try_get_matches_from_mut(words)?;
    T::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

#[cfg(test)]
mod tests {
    use super::{Call, accepts};

    const NO_CLUSTER: &str = "Either parameter --cluster-name or --cluster-id must be specified; add --cluster-name NAME, of \
                              those that `aws eks list-clusters` lists";

    fn words(line: &str) -> Vec<std::ffi::OsString> {
        line.split(' ').map(Into::into).collect()
    }

    #[test]
    fn calls_for_a_token_are_recognised_by_their_words() {
        let cases = [
            ("cluster-auth token -i c", Some(Call::Token(words("-i c")))),
            (
                "aws --region r eks get-token --cluster-name c",
                Some(Call::EksGetToken(words("--region r --cluster-name c"))),
            ),
            (
                "aws --profile eks eks --region r get-token --cluster-name c",
                Some(Call::EksGetToken(words("--profile eks --region r --cluster-name c"))),
            ),
            ("cluster-auth -i c token", None),
            ("cluster-auth eks list", None),
            ("cluster-auth", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Call::recognise(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn other_programs_words_are_accepted_or_it_is_said_why_not() {
        let rows = [
            ("--region r eks get-token --cluster-name c --output json", None),
            ("eks get-token --cluster-name c --role arn:aws:iam::111122223333:role/R --profile p", None),
            ("token -i c -r arn:aws:iam::111122223333:role/R", None),
            ("-i c token", None),
            ("eks get-token --cluster-name c --endpoint-url https://x --debug --no-cli-pager", None),
            ("--query status.token eks get-token --cluster-name c --output text", None),
            ("eks get-token", Some(NO_CLUSTER)),
            ("eks get-token --cluster-name=", Some(NO_CLUSTER)),
            (
                "eks get-token --cluster-name c --output yaml-stream",
                Some("invalid value 'yaml-stream' for '--output <FORMAT>' [possible values: json, yaml, text, table]"),
            ),
            ("eks get-token --cluster-name c --nosuch", Some("unexpected argument '--nosuch' found")),
            ("", Some("it asks for no token")),
            ("version", Some("it asks for no token")),
            ("s3 ls", Some("it asks for no token")),
            ("eks update-kubeconfig --name c", Some("it asks for no token")),
        ];
        for (line, why) in rows {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(accepts(&words).err().as_deref(), why, "{line}");
        }
    }
}
