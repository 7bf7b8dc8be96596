//! What Python's `configparser` and botocore make of a text, and where they end with an error.

use super::{config, credentials};

/// `section.key = value`, one per line; or the line of what is wrong, and what.
fn shown(read: Result<super::Sections, super::Wrong>) -> String {
    let sections = match read {
        Ok(sections) => sections,
        Err(wrong) => return format!("{}: {}", wrong.line, wrong.problem),
    };
    let lines = sections.iter().flat_map(|(section, keys)| {
        let empty = keys.is_empty().then(|| format!("[{section}]"));
        keys.iter().map(move |(key, value)| format!("{section}.{key} = {}", value.replace('\n', "⏎"))).chain(empty)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn files_are_read_as_the_aws_cli_reads_them() {
    let rows = [
        ("keys and values", "[a]\nregion=us-west-2\noutput : json", "a.output = json\na.region = us-west-2"),
        ("the first of two signs ends a name", "[a]\nk = b:c=d\nl: e = f", "a.k = b:c=d\na.l = e = f"),
        ("Windows line ends and a byte order mark", "\u{feff}[a]\r\nregion = x\r\n", "a.region = x"),
        ("ends of a line of long ago", "[a]\rk = 1\rl = 2", "a.k = 1\na.l = 2"),
        ("comments are lines", "# [a]\n; [b]\n[c]\n# k = v\n  ; k = v\nk = v # w", "c.k = v # w"),
        ("keys in any case, sections in their own", "[A]\nAWS_Key = 1\n[a]\nk = 2", "A.aws_key = 1\na.k = 2"),
        ("a value goes on in deeper lines", "[a]\nk = 1\n  2\n\n  # no\n  3\nl = 4", "a.k = 1⏎2⏎⏎3\na.l = 4"),
        ("which may look like settings", "[a]\nk = 1\n  l = 2", "a.k = 1⏎l = 2"),
        ("a whole section may be deeper", "[a]\n  k = 1\n  l = 2\n", "a.k = 1\na.l = 2"),
        ("settings below a setting", "[a]\ns3 =\n  k = 1\n\n\tl = 2\nm = 3", "a.m = 3\na.s3 = "),
        (
            "which count in services",
            "[services x]\nsts =\n  endpoint_url = https://x\n",
            "services x.sts = \nservices x.sts.endpoint_url = https://x",
        ),
        ("what stands behind a header", "[a] b\nk = 1", "a.k = 1"),
        ("brackets in a header", "[a]b]\nk = 1", "a]b.k = 1"),
        ("for all sections", "[a]\nk = 1\n[DEFAULT]\nk = 2\nl = 3", "a.k = 1\na.l = 3"),
        ("an empty section", "[a]", "[a]"),
        ("nothing", "", ""),
        (
            "a setting before any section",
            "\nk = 1\n[a]",
            "2: this line comes before any section; begin the file with one, such as [default]",
        ),
        ("a section again", "[a]\n[b]\n[a]", "3: this section is there twice, first in line 1; merge the two"),
        (
            "a setting again",
            "[a]\nregion = 1\nRegion = 2",
            "3: region is set twice in its section, first in line 2; keep one",
        ),
        (
            "one of no known name",
            "[a]\nk = 1\nK = 2",
            "3: this setting is set twice in its section, first in line 2; keep one",
        ),
        (
            "no setting",
            "[a]\nk = 1\nnonsense\nl = 1",
            "3: this line is neither a section, such as [default], nor a setting, such as `name = value`",
        ),
        (
            "a setting without a name",
            "[a]\n= 1",
            "2: this line is neither a section, such as [default], nor a setting, such as `name = value`",
        ),
        (
            "what is below a setting and none",
            "[a]\ns3 =\n  k",
            "2: the value of s3 stands in no line of its own: write it behind the `=`, or settings, as `name = value`, into every line below",
        ),
    ];
    for (name, text, expected) in rows {
        assert_eq!(shown(credentials(text)), expected, "{name}");
    }
}

#[test]
fn a_key_that_stands_in_the_wrong_place_is_not_quoted() {
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let rows = [
        ("in the line below its setting", format!("[a]\naws_secret_access_key =\n  {key}")),
        ("below a setting of no known name", format!("[a]\nb =\n  {key}")),
        ("with words before it", format!("[a]\ns3 =\n  aws_secret_access_key {key}")),
        ("as a setting's name below a line", format!("[a]\n{key} =\n  b")),
        ("as a setting's name, twice", format!("[a]\n{key} = 1\n{key} = 2")),
        ("as a setting's name with a known one", format!("[a]\nregion {key}: 1\nregion {key}: 2")),
        ("as a section's name, twice", format!("[{key}]\n[{key}]")),
        ("in a section of its name", format!("[{key}]\nk = 1\nk = 2")),
        ("before any section", format!("aws_secret_access_key = {key}\n[a]")),
        ("as a line", format!("[a]\n{key}")),
        ("for all sections", format!("[DEFAULT]\naws_secret_access_key =\n  {key}\n[a]")),
    ];
    for (name, text) in rows {
        for read in [credentials(&text), config(&text).map(|(sections, _)| sections)] {
            let Err(wrong) = read else { panic!("{name}: it is read") };
            let said = wrong.problem.to_lowercase();
            assert!(!said.contains(&key.to_lowercase()), "{name}: {}", wrong.problem);
        }
    }
}

#[test]
fn of_the_config_file_a_header_has_a_kind_and_a_name() {
    let rows = [
        ("[default]\nk = 1", "profile default.k = 1"),
        ("[profile dev]\nk = 1", "profile dev.k = 1"),
        ("[profile \"my team\"]\nk = 1", "profile my team.k = 1"),
        ("[profile 'my team']\nk = 1", "profile my team.k = 1"),
        ("[profile my\\ team]\nk = 1", "profile my team.k = 1"),
        ("[profile\tdev]\nk = 1", "profile dev.k = 1"),
        ("[sso-session corp]\nk = 1", "sso-session corp.k = 1"),
        ("[services x]\nk = 1", "services x.k = 1"),
        ("[profile my team]\nk = 1", ""),
        ("[profile \"dev]\nk = 1", ""),
        ("[profile]\nk = 1", ""),
        ("[dev]\nk = 1", ""),
        ("[ default ]\nk = 1", ""),
        ("[profile dev]\nk = 1\n[profile \"dev\"]\nl = 2", "profile dev.l = 2"),
        ("[profile \"default\"]\nk = 1\n[default]\nl = 2", "profile default.l = 2"),
    ];
    for (text, expected) in rows {
        assert_eq!(shown(config(text).map(|(sections, _)| sections)), expected, "{text}");
    }
}
