//! Which source is chosen, one row per rule of botocore's order; and of the order of AWS's SDK for Go, as aws-iam-authenticator
//! 0.7.18 was seen to choose.

use super::{Base, CredentialsError, Environment, Plan, Rules, SharedFiles, Sso, Verdict, considered, region, resolve};

/// A login of IAM Identity Center.
pub(super) fn sso() -> Sso {
    Sso {
        profile: "dev".to_owned(),
        account_id: "111122223333".to_owned(),
        role_name: "Dev".to_owned(),
        start_url: "https://corp.awsapps.com/start".to_owned(),
        region: "eu-central-1".to_owned(),
        session: Some("corp".to_owned()),
    }
}

const CONFIG: &str = r#"
# a comment
[default]
region = us-west-2
aws_access_key_id = AKIADEFAULTCONFIG000
aws_secret_access_key = secret

[profile keys]
region = eu-west-1
aws_access_key_id = AKIACONFIG0000000000
aws_secret_access_key = secret
s3 =
  aws_access_key_id = nested

[profile "sso user"]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Dev

[sso-session corp]
sso_region = eu-central-1
sso_start_url = https://corp.awsapps.com/start

[profile role]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = keys
external_id = x
duration_seconds = 3600

[profile chain]
role_arn = arn:aws:iam::444455556666:role/Ops
source_profile = role

[profile circle]
role_arn = arn:aws:iam::111122223333:role/A
source_profile = circle2

[profile circle2]
role_arn = arn:aws:iam::111122223333:role/B
source_profile = circle

[profile self]
role_arn = arn:aws:iam::111122223333:role/Self
source_profile = self

[profile mfa]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = keys
mfa_serial = arn:aws:iam::111122223333:mfa/bob

[profile overmfa]
role_arn = arn:aws:iam::444455556666:role/Ops
source_profile = mfa

[profile instance]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = Ec2InstanceMetadata

[profile process]
credential_process = /bin/creds --x

[profile login]
login_session = arn:aws:iam::111122223333:user/bob

[profile web]
role_arn = arn:aws:iam::111122223333:role/Web
web_identity_token_file = /token

[profile keysandrole]
role_arn = arn:aws:iam::111122223333:role/Ignored
source_profile = keys

[profile through]
role_arn = arn:aws:iam::111122223333:role/Through
source_profile = keysandrole

[profile webchain]
role_arn = arn:aws:iam::111122223333:role/Ops
source_profile = web

[profile environment]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = environment

[profile task]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = EcsContainer

[profile elsewhere]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = Elsewhere

[profile twosources]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = EcsContainer
source_profile = keys

[profile nosource]
role_arn = arn:aws:iam::111122223333:role/Dev

[profile lost]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = absent

[profile emptysource]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = nothing

[profile ownrole]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = ownrole

[profile legacysso]
sso_account_id = 111122223333
sso_role_name = Dev
sso_region = eu-central-1
sso_start_url = https://old.awsapps.com/start

[profile lostsso]
sso_session = gone
sso_account_id = 111122223333
sso_role_name = Dev

[profile shortsso]
sso_session = corp
sso_account_id = 111122223333

[profile webhalf]
web_identity_token_file = /token

[profile long]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = keys
duration_seconds = an hour

[profile half]
aws_access_key_id = AKIAHALF000000000000

[profile both]
credential_process = /bin/creds

[profile nothing]
output = json
"#;

const CREDENTIALS: &str = r"
[keys]
aws_access_key_id = AKIASHARED0000000000
aws_secret_access_key = secret
aws_session_token = token

[self]
aws_access_key_id = AKIASELF000000000000
aws_secret_access_key = secret

[keysandrole]
aws_access_key_id = AKIABESIDEROLE000000
aws_secret_access_key = secret
aws_security_token = old name

[both]
aws_access_key_id = AKIABOTH000000000000
aws_secret_access_key = secret
";

/// A name, variables, `--profile`, and what is chosen.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Option<&'a str>, &'a str);

fn environment(pairs: &[(&str, &str)]) -> Environment {
    let vars = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Environment { vars, home: None }
}

fn parsed(config: &str, credentials: &str, rules: Rules) -> SharedFiles {
    SharedFiles::parse(config, credentials, rules).unwrap_or_else(|error| panic!("{error}"))
}

fn shown(plan: Result<Plan, CredentialsError>) -> String {
    let plan = match plan {
        Ok(plan) => plan,
        Err(error) => return format!("error: {error}"),
    };
    let base = match plan.base {
        Base::Static(credentials) => {
            format!(
                "static {}{}",
                credentials.access_key_id,
                if credentials.session_token.is_some() { "+token" } else { "" }
            )
        }
        Base::WebIdentity { role_arn, .. } => format!("web {role_arn}"),
        Base::Sso(sso) => format!("sso {} {} {} {}", sso.account_id, sso.role_name, sso.start_url, sso.region),
        Base::Login { session, .. } => format!("login {session}"),
        Base::Process { command, .. } => format!("process {command}"),
        Base::Container => "container".to_owned(),
        Base::InstanceMetadata => "instance".to_owned(),
    };
    plan.roles.iter().fold(base, |text, role| {
        let name = role.role_arn.rsplit('/').next().unwrap_or_default();
        let mfa = role.mfa.as_ref().map(|device| device.serial.rsplit(':').next().unwrap_or_default().to_owned());
        let details = [role.external_id.clone(), role.duration_seconds.map(|seconds| seconds.to_string()), mfa];
        let details: Vec<_> = details.into_iter().flatten().collect();
        format!(
            "{text} → {name}{}",
            if details.is_empty() { String::new() } else { format!("({})", details.join(",")) }
        )
    })
}

#[test]
fn sources_are_chosen_in_botocores_order() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Cli);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV0000000000000"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let profile = |name| [("AWS_PROFILE", name)];
    let rows: &[Row<'_>] = &[
        ("environment first", &keys, None, "static AKIAENV0000000000000"),
        (
            "AWS_PROFILE does not remove the keys",
            &[keys[0], keys[1], ("AWS_PROFILE", "sso user")],
            None,
            "static AKIAENV0000000000000",
        ),
        (
            "a profile that is not there is an error beside them",
            &[keys[0], keys[1], ("AWS_PROFILE", "absent")],
            None,
            "error: the profile `absent` stands in neither AWS configuration file; `aws configure list-profiles` lists those that do",
        ),
        (
            "by its older name too",
            &[keys[0], keys[1], ("AWS_DEFAULT_PROFILE", "absent")],
            None,
            "error: the profile `absent` stands in neither AWS configuration file; `aws configure list-profiles` lists those that do",
        ),
        ("--profile does", &keys, Some("keys"), "static AKIASHARED0000000000+token"),
        (
            "half an environment",
            &keys[..1],
            None,
            "error: AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not (environment); set both",
        ),
        ("the default profile", &[], None, "static AKIADEFAULTCONFIG000"),
        ("the credentials file before the config file", &profile("keys"), None, "static AKIASHARED0000000000+token"),
        ("the credentials file before credential_process", &profile("both"), None, "static AKIABOTH000000000000"),
        (
            "a quoted profile name",
            &profile("sso user"),
            None,
            "sso 111122223333 Dev https://corp.awsapps.com/start eu-central-1",
        ),
        ("a role", &profile("role"), None, "static AKIASHARED0000000000+token → Dev(x,3600)"),
        ("a role with MFA", &profile("mfa"), None, "static AKIASHARED0000000000+token → Dev(mfa/bob)"),
        ("MFA on the way", &profile("overmfa"), None, "static AKIASHARED0000000000+token → Dev(mfa/bob) → Ops"),
        ("a chain of roles", &profile("chain"), None, "static AKIASHARED0000000000+token → Dev(x,3600) → Ops"),
        ("a profile that is its own source", &profile("self"), None, "static AKIASELF000000000000 → Self"),
        ("credential_source", &profile("instance"), None, "instance → Dev"),
        ("process", &profile("process"), None, "process /bin/creds --x"),
        ("login", &profile("login"), None, "login arn:aws:iam::111122223333:user/bob"),
        ("web identity of the profile", &profile("web"), None, "web arn:aws:iam::111122223333:role/Web"),
        (
            "web identity of the environment",
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Irsa")],
            None,
            "web arn:aws:iam::111122223333:role/Irsa",
        ),
        (
            "web identity of the environment is not that of a profile given by flag",
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Irsa")],
            Some("keys"),
            "static AKIASHARED0000000000+token",
        ),
        (
            "nor that of a source profile",
            &[
                ("AWS_PROFILE", "role"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
                ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Irsa"),
            ],
            None,
            "static AKIASHARED0000000000+token → Dev(x,3600)",
        ),
        ("a role from web identity", &profile("webchain"), None, "web arn:aws:iam::111122223333:role/Web → Ops"),
        (
            "for its own sake, a role comes before keys",
            &profile("keysandrole"),
            None,
            "static AKIASHARED0000000000+token → Ignored",
        ),
        (
            "as a source, keys come before a role",
            &profile("through"),
            None,
            "static AKIABESIDEROLE000000+token → Through",
        ),
        (
            "credential_source in any case, from the environment even with a flag",
            &keys,
            Some("environment"),
            "static AKIAENV0000000000000 → Dev",
        ),
        ("credential_source of a container", &profile("task"), None, "container → Dev"),
        (
            "the older form of SSO",
            &profile("legacysso"),
            None,
            "sso 111122223333 Dev https://old.awsapps.com/start eu-central-1",
        ),
        (
            "AWS_PROFILE before AWS_DEFAULT_PROFILE",
            &[("AWS_PROFILE", "login"), ("AWS_DEFAULT_PROFILE", "process")],
            None,
            "login arn:aws:iam::111122223333:user/bob",
        ),
        ("AWS_DEFAULT_PROFILE", &[("AWS_DEFAULT_PROFILE", "process")], None, "process /bin/creds --x"),
        (
            "a container",
            &[("AWS_PROFILE", "nothing"), ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x")],
            None,
            "container",
        ),
        ("an instance", &profile("nothing"), None, "instance"),
    ];
    for (name, variables, flag, expected) in rows {
        assert_eq!(shown(resolve(&environment(variables), &files, *flag, Rules::Cli)), *expected, "{name}");
    }
}

#[test]
fn what_cannot_work_says_why_and_what_to_do() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Cli);
    let rows = [
        ("absent", "stands in neither AWS configuration file; `aws configure list-profiles` lists those that do"),
        ("roel", "stands in neither AWS configuration file; did you mean `role`?"),
        ("circle", "leads in a circle: circle → circle2 → circle"),
        ("half", "aws_access_key_id is set and aws_secret_access_key is not"),
        ("elsewhere", "credential_source must be Environment, Ec2InstanceMetadata or EcsContainer"),
        ("twosources", "both source_profile and credential_source"),
        ("nosource", "neither source_profile nor credential_source"),
        ("lost", "the profile `absent` stands in neither"),
        ("emptysource", "its source_profile `nothing` has no credentials"),
        ("ownrole", "leads in a circle: ownrole → ownrole"),
        ("environment", "AWS_ACCESS_KEY_ID is not set"),
        ("lostsso", "its sso_session `gone` has no section [sso-session gone]"),
        ("shortsso", "it lacks sso_role_name; `aws configure sso --profile shortsso` sets it"),
        ("webhalf", "no role: set role_arn or AWS_ROLE_ARN"),
        ("long", "duration_seconds is not a number"),
    ];
    for (profile, expected) in rows {
        let said = shown(resolve(&environment(&[]), &files, Some(profile), Rules::Cli));
        assert!(said.starts_with("error: ") && said.contains(expected), "{profile}: {said}");
    }
    let nowhere = environment(&[("AWS_EC2_METADATA_DISABLED", "true")]);
    assert!(shown(resolve(&nowhere, &SharedFiles::default(), None, Rules::Cli)).contains("no AWS credentials found"));
}

#[test]
fn only_keys_at_hand_are_immediate() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Cli);
    let immediate =
        |profile| resolve(&environment(&[]), &files, Some(profile), Rules::Cli).ok().and_then(|plan| plan.immediate());
    let id = |profile| immediate(profile).map(|credentials| credentials.access_key_id);
    assert_eq!(id("keys").as_deref(), Some("AKIASHARED0000000000"));
    for asks in ["role", "sso user", "process", "login", "web", "nothing"] {
        assert_eq!(id(asks), None, "{asks}");
    }
}

#[test]
fn the_region_is_the_nearest_that_is_said() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Cli);
    let both = environment(&[("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b")]);
    let rows = [
        (&both, None, Some("flag"), Some("flag")),
        (&both, None, None, Some("a")),
        (&environment(&[("AWS_DEFAULT_REGION", "b")]), Some("keys"), None, Some("b")),
        (&environment(&[]), Some("keys"), None, Some("eu-west-1")),
        (&environment(&[]), None, None, Some("us-west-2")),
        (&environment(&[]), Some("process"), None, None),
    ];
    for (environment, profile, flag, expected) in rows {
        assert_eq!(region(environment, &files, profile, flag).as_deref(), expected);
    }
}

/// Profiles in which the SDK for Go finds something else than botocore does, or nothing.
const GO: &str = r#"
[profile configkeys]
aws_access_key_id = AKIACONFIGKEYS000000
aws_secret_access_key = secret
credential_process = /bin/creds

[profile ssokeys]
aws_access_key_id = AKIASSOKEYS000000000
aws_secret_access_key = secret
sso_account_id = 111122223333

[profile rolekeys]
role_arn = arn:aws:iam::111122223333:role/Own
aws_access_key_id = AKIAROLEKEYS00000000
aws_secret_access_key = secret

[profile roleprocess]
role_arn = arn:aws:iam::111122223333:role/Own
credential_process = /bin/creds

[profile webkeys]
role_arn = arn:aws:iam::111122223333:role/Own
web_identity_token_file = /token
aws_access_key_id = AKIAWEBKEYS000000000
aws_secret_access_key = secret

[profile twokinds]
role_arn = arn:aws:iam::111122223333:role/Own
source_profile = keys
credential_process = /bin/creds

[profile sourcealone]
source_profile = keys
aws_access_key_id = AKIASOURCEALONE00000
aws_secret_access_key = secret

[profile namedalone]
credential_source = Environment
aws_access_key_id = AKIANAMEDALONE000000
aws_secret_access_key = secret

[profile round]
role_arn = arn:aws:iam::111122223333:role/Round
source_profile = about
aws_access_key_id = AKIAROUND00000000000
aws_secret_access_key = secret

[profile about]
role_arn = arn:aws:iam::111122223333:role/About
source_profile = round

[profile secretalone]
aws_secret_access_key = secret
credential_process = /bin/creds

[profile ssoregion]
sso_region = eu-central-1

[profile quoted]
role_arn = "arn:aws:iam::111122223333:role/Quoted"
source_profile = 'keys'

[profile short]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = keys
duration_seconds = 959

[profile shortest]
role_arn = arn:aws:iam::111122223333:role/Dev
source_profile = keys
duration_seconds = 960

[profile named]
role_arn = arn:aws:iam::111122223333:role/Dev
credential_source = Environment
"#;

#[test]
fn the_sdk_for_go_takes_a_profiles_keys_before_all_else() {
    let files = parsed(&format!("{CONFIG}{GO}"), CREDENTIALS, Rules::Go);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV0000000000000"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let web = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/Irsa")];
    let rows: &[Row<'_>] = &[
        ("the environment", &keys, None, "static AKIAENV0000000000000"),
        ("its web identity", &web, None, "web arn:aws:iam::111122223333:role/Irsa"),
        ("the default profile", &[], None, "static AKIADEFAULTCONFIG000"),
        ("before a program", &[], Some("configkeys"), "static AKIACONFIGKEYS000000"),
        ("before IAM Identity Center", &[], Some("ssokeys"), "static AKIASSOKEYS000000000"),
        ("before a web identity, as the role's source", &[], Some("webkeys"), "static AKIAWEBKEYS000000000 → Own"),
        ("a role from the profile's own keys", &[], Some("rolekeys"), "static AKIAROLEKEYS00000000 → Own"),
        ("a role from the profile's own program", &[], Some("roleprocess"), "process /bin/creds → Own"),
        ("a role from where it runs", &[], Some("nosource"), "instance → Dev"),
        ("a role from a source", &[], Some("role"), "static AKIASHARED0000000000+token → Dev(x,3600)"),
        (
            "a source's keys, and its role with them",
            &[],
            Some("through"),
            "static AKIABESIDEROLE000000+token → Ignored → Through",
        ),
        (
            "a profile's source goes before its keys",
            &[],
            Some("keysandrole"),
            "static AKIASHARED0000000000+token → Ignored",
        ),
        ("a web identity", &[], Some("web"), "web arn:aws:iam::111122223333:role/Web"),
        ("a role from a web identity", &[], Some("webchain"), "web arn:aws:iam::111122223333:role/Web → Ops"),
        ("its own source", &[], Some("self"), "static AKIASELF000000000000 → Self"),
        ("a circle that ends in keys", &[], Some("round"), "static AKIAROUND00000000000 → About → Round"),
        ("quotation marks", &[], Some("quoted"), "static AKIASHARED0000000000+token → Quoted"),
        ("a time that is no number", &[], Some("long"), "static AKIASHARED0000000000+token → Dev"),
        ("a time that it takes for the shortest", &[], Some("short"), "static AKIASHARED0000000000+token → Dev"),
        ("the shortest that it does not", &[], Some("shortest"), "static AKIASHARED0000000000+token → Dev(960)"),
        ("a role with MFA", &[], Some("mfa"), "static AKIASHARED0000000000+token → Dev(mfa/bob)"),
        ("the environment as a source", &keys, Some("named"), "static AKIAENV0000000000000 → Dev"),
        ("a program", &[], Some("process"), "process /bin/creds --x"),
        ("nothing of its own", &[], Some("nothing"), "instance"),
    ];
    for (name, variables, flag, expected) in rows {
        assert_eq!(shown(resolve(&environment(variables), &files, *flag, Rules::Go)), *expected, "{name}");
    }
    let wrong = [
        ("twokinds", "both source_profile and credential_process"),
        ("sourcealone", "it has source_profile, but no role_arn"),
        ("namedalone", "it has credential_source, but no role_arn"),
        ("webhalf", "it has web_identity_token_file, but no role_arn"),
        ("environment", "in these letters"),
        ("named", "AWS_ACCESS_KEY_ID is not set"),
        ("half", "aws_access_key_id is set and aws_secret_access_key is not"),
        ("secretalone", "aws_secret_access_key is set and aws_access_key_id is not"),
        ("ssoregion", "it lacks sso_account_id"),
        ("circle", "leads in a circle: circle → circle2 → circle"),
        ("ownrole", "leads in a circle: ownrole → ownrole"),
        ("emptysource", "its source_profile `nothing` has no credentials"),
        ("lost", "the profile `absent` stands in neither"),
    ];
    for (profile, expected) in wrong {
        let said = shown(resolve(&environment(&[]), &files, Some(profile), Rules::Go));
        assert!(said.starts_with("error: ") && said.contains(expected), "{profile}: {said}");
    }
}

#[test]
fn what_is_said_to_be_used_is_what_is_used() {
    for (rules, config) in [(Rules::Cli, CONFIG.to_owned()), (Rules::Go, format!("{CONFIG}{GO}"))] {
        let files = parsed(&config, CREDENTIALS, rules);
        for profile in files.profiles() {
            let Ok(plan) = resolve(&environment(&[]), &files, Some(&profile), rules) else { continue };
            let all = considered(&environment(&[]), &files, Some(&profile), rules);
            let used: Vec<_> = all.iter().filter(|one| one.verdict == Verdict::Used).map(|one| one.source).collect();
            let has = |key| files.setting(&profile, key).is_some();
            let expected: &[&str] = match &plan.base {
                _ if rules == Rules::Go && has("source_profile") => &["a role from another profile"],
                _ if rules == Rules::Cli && !plan.roles.is_empty() => &["a role of the profile"],
                _ if has("credential_source") => &["a role from credential_source"],
                Base::Static(_) if rules == Rules::Go => &["keys of the profile"],
                Base::Static(_) => &["keys in the credentials file", "keys in the config file"],
                Base::WebIdentity { .. } => &["a web identity", "a web identity of the profile"],
                Base::Sso(_) => &["IAM Identity Center"],
                Base::Login { .. } => &["aws login"],
                Base::Process { .. } => &["a program (credential_process)"],
                Base::Container => &["the container"],
                Base::InstanceMetadata => &["the instance"],
            };
            let [used] = used[..] else { panic!("{profile}: {used:?}") };
            assert!(expected.contains(&used), "{rules:?} {profile}: {used}, and not {expected:?}");
        }
    }
}

#[test]
fn of_each_source_it_is_said_why_there_is_nothing() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Cli);
    let said = |variables, profile| {
        let all = considered(&environment(variables), &files, profile, Rules::Cli);
        let lines = all.into_iter().map(|one| match one.verdict {
            Verdict::Used => format!("{}: used", one.source),
            Verdict::Skipped(why) => format!("{}: {why}", one.source),
            Verdict::NotReached => format!("{}: -", one.source),
        });
        lines.collect::<Vec<_>>()
    };
    let expected = [
        "keys in the environment: --profile is given",
        "a role of the profile: profile `login` has no role_arn",
        "a web identity: profile `login` has no web_identity_token_file",
        "IAM Identity Center: profile `login` has no sso_account_id",
        "keys in the credentials file: it has no aws_access_key_id of [login]",
        "aws login: used",
        "a program (credential_process): -",
        "keys in the config file: -",
        "the container: -",
        "the instance: -",
    ];
    assert_eq!(said(&[], Some("login")), expected);
    let nothing = said(&[("AWS_PROFILE", "nothing"), ("AWS_EC2_METADATA_DISABLED", "true")], None);
    assert_eq!(nothing[0], "keys in the environment: AWS_ACCESS_KEY_ID is not set");
    let variables = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI";
    assert_eq!(nothing[8], format!("the container: neither {variables} is set"));
    assert_eq!(nothing[9], "the instance: AWS_EC2_METADATA_DISABLED is true");
}

/// As aws-iam-authenticator says it: `failed to get shared config profile, absent`.
#[test]
fn for_aws_sdk_for_go_a_profile_that_is_not_there_is_an_error_beside_keys() {
    let files = parsed(CONFIG, CREDENTIALS, Rules::Go);
    let keys = [("AWS_ACCESS_KEY_ID", "AKIAENV0000000000000"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let no_profile = "error: the profile `absent` stands in neither AWS configuration file; `aws configure list-profiles` lists those that do";
    let rows = [
        ("AWS_PROFILE", "absent", no_profile, "skipped"),
        ("AWS_PROFILE", "keys", "static AKIAENV0000000000000", "used"),
        ("AWS_DEFAULT_PROFILE", "absent", "static AKIAENV0000000000000", "used"),
    ];
    for (variable, profile, expected, of_environment) in rows {
        let environment = environment(&[keys[0], keys[1], (variable, profile)]);
        assert_eq!(shown(resolve(&environment, &files, None, Rules::Go)), expected, "{variable}={profile}");
        let first = &considered(&environment, &files, None, Rules::Go)[0];
        let found = if first.verdict == Verdict::Used { "used" } else { "skipped" };
        assert_eq!(found, of_environment, "{variable}={profile}");
    }
}

#[test]
fn slips_are_named() {
    let config = "[dev]\nregion = us-west-2\n[profile ops]\naws_acces_key_id = AKIA\naws_secret_access_key = s\n";
    let files = parsed(config, "[profile old]\naws_access_key_id = AKIA\n", Rules::Cli);
    let rows = [
        ("dev", "; the config file has [dev]: write [profile dev]"),
        ("old", "; the credentials file has [profile old]: write [old] there"),
        ("op", "; did you mean `ops`? `aws configure list-profiles` lists all profiles"),
        ("production", "; `aws configure list-profiles` lists those that do"),
    ];
    for (profile, expected) in rows {
        let said = shown(resolve(&environment(&[]), &files, Some(profile), Rules::Cli));
        assert!(said.ends_with(expected), "{profile}: {said}");
    }
    let slip = "profile `ops` has aws_acces_key_id, which is unknown; did you mean aws_access_key_id?";
    assert_eq!(files.slips("ops", false), [slip]);
    let config = "[profile a]\nrole_arn = r\nsource_profile = b\nmfa_seral = m\n\
                  [profile b]\nsource_profile = a\nsso_session = corp\nregoin = x\n[sso-session corp]\nsso_start_ulr = u\n";
    let said = [
        "profile `a` has mfa_seral, which is unknown; did you mean mfa_serial?",
        "profile `b` has regoin, which is unknown; did you mean region?",
        "[sso-session corp] has sso_start_ulr, which is unknown; did you mean sso_start_url?",
    ];
    assert_eq!(parsed(config, "", Rules::Cli).slips("a", true), said);
}
