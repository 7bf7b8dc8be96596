//! Entries that let nobody in, and whoever asks why they are not let in.

use insta::assert_snapshot;

use super::{whole, world};
use crate::explain::{Caller, Verdict};

/// Each for somebody whom it does not let in.
const AWS_AUTH: &str = r"apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - {rolarn: 'arn:aws:iam::111122223333:role/Misspelt', username: a, groups: [devs]}
    - {rolearn: 'arn:aws:sts::111122223333:assumed-role/Session/x', username: b, groups: [devs]}
    - {rolearn: 'arn:aws:iam::11112222333:role/Eleven', username: c, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/Wild*', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/p/Path', username: d, groups: [devs]}
    - {userarn: 'arn:aws:iam::111122223333:role/Misplaced', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:instance-profile/Profile', username: d, groups: [devs]}
    - {rolearn: ' arn:aws:iam::111122223333:role/Blank', username: d, groups: [devs]}
    - {rolearn: 'arn:aws:iam::111122223333:role/W?ldest', username: d, groups: [devs]}
  mapUsers: |
    - {userarm: 'arn:aws:iam::111122223333:user/ann', username: ann}
    - {userarn: 'arn:aws:iam::1111-2222-3333:user/bob', username: bob}
    - {userarn: 'arn:aws:iam::111122223333:*', username: all}
";

#[test]
fn the_entry_that_was_probably_meant_is_named_with_its_place_and_why_it_does_not_match() {
    let names = [
        "role/Misspelt",
        "role/Session",
        "role/Eleven",
        "role/Wild-1",
        "role/Path",
        "role/Misplaced",
        "role/Profile",
        "role/Blank",
        "role/Wildest",
        "user/ann",
        "user/bob",
        "user/zoe",
    ];
    let world = world(&[("aws-auth.yaml", AWS_AUTH)]);
    let mut lines = String::new();
    for name in names {
        let explanation = world.explain(Caller::of_arn(&format!("arn:aws:iam::111122223333:{name}")).expect(name));
        let Verdict::Refused(denial) = &explanation.verdict else { panic!("{name}: {:?}", explanation.verdict) };
        let near = denial.nearest.as_ref().map(|near| near.words.as_str()).unwrap_or_default();
        lines += &format!("{name}: {near}\n");
        let report = explanation.report(Some(&world));
        let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
        assert!(
            text.contains("ConfigMap kube-system/aws-auth (no entry that lets anybody in): does not name it"),
            "{text}"
        );
        assert!(text.contains(near), "{text}");
        let fix = denial.fix.as_ref().expect("what to do");
        assert!(fix.text.ends_with("of the ConfigMap kube-system/aws-auth"), "{fix:?}");
    }
    assert_snapshot!(lines, @"
    role/Misspelt: mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN is under `rolarn`, which is ignored there
    role/Session: mapRoles[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:7) looks like a match, but never matches: it is the ARN of a session, and the role's is compared; write arn:aws:iam::111122223333:role/Session, which is for every session of the role
    role/Eleven: mapRoles[2] of ConfigMap kube-system/aws-auth (aws-auth.yaml:8) looks like a match, but never matches: an AWS account has 12 digits
    role/Wild-1: mapRoles[3] of ConfigMap kube-system/aws-auth (aws-auth.yaml:9) looks like a match, but never matches: wildcards have no meaning here; write an entry for each of them
    role/Path: mapRoles[4] of ConfigMap kube-system/aws-auth (aws-auth.yaml:10) looks like a match, but never matches: the ARN of a role's sessions has no path, and ARNs must match exactly; write arn:aws:iam::111122223333:role/Path
    role/Misplaced: mapRoles[5] of ConfigMap kube-system/aws-auth (aws-auth.yaml:11) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN is under `userarn`, which is ignored there
    role/Profile: mapRoles[6] of ConfigMap kube-system/aws-auth (aws-auth.yaml:12) looks like a match, but never matches: only users, roles, root and federated users log in
    role/Blank: mapRoles[7] of ConfigMap kube-system/aws-auth (aws-auth.yaml:13) looks like a match, but never matches: no caller's ARN contains a space; write the ARN without spaces
    role/Wildest: mapRoles[3] of ConfigMap kube-system/aws-auth (aws-auth.yaml:9) looks like a match, but never matches: wildcards have no meaning here; write an entry for each of them
    user/ann: mapUsers[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:16) looks like a match, but never matches: it has no `userarn`; its ARN is under `userarm`, which is ignored there
    user/bob: mapUsers[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:17) looks like a match, but never matches: an AWS account has 12 digits
    user/zoe: mapUsers[2] of ConfigMap kube-system/aws-auth (aws-auth.yaml:18) looks like a match, but never matches: wildcards have no meaning here; write an entry for each of them
    ");
}

/// What is said of whom somebody meant, by files.
fn nearest(files: &[(&str, &str)], reader: Option<mapping::Reader>, name: &str) -> String {
    let mut given = inventory::Inputs::default();
    if let Some(reader) = reader {
        given.dump.read_by(reader);
    }
    for (file, text) in files {
        match *file {
            "config.yaml" => given.configure(document::Source::new("config.yaml", *text)),
            file => assert!(given.read(file, text.as_bytes()).expect(file), "{file}"),
        }
    }
    let world = crate::World::new(given, None, super::now()).expect("readable");
    let explanation = world.explain(Caller::of_arn(&format!("arn:aws:iam::111122223333:{name}")).expect(name));
    match &explanation.verdict {
        Verdict::Refused(denial) | Verdict::NotKnown(crate::explain::NotKnown { seen: Some(denial), .. }) => {
            denial.nearest.as_ref().map(|near| near.words.clone()).unwrap_or_default()
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn an_entry_that_stands_where_nobody_reads_is_named_with_the_key_that_is_read() {
    let aws_auth = |data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: aws-auth, namespace: kube-system}}\ndata:\n{data}")
    };
    let role = "{rolearn: 'arn:aws:iam::111122223333:role/Admin', username: a, groups: [devs]}";
    let user = "{userarn: 'arn:aws:iam::111122223333:user/p/ann', username: ann}";
    let config = |text: &str| format!("clusterID: c\n{text}");
    let object = |spec: &str| {
        format!(
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IAMIdentityMapping\nmetadata: {{name: one}}\nspec: {spec}\n"
        )
    };
    let arn = "arn:aws:iam::111122223333:role/Admin";
    let rows = [
        ("aws-auth.yaml", aws_auth(&format!("  maproles: |\n    - {role}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRole: |\n    - {role}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapusers: |\n    - {user}\n")), "user/p/ann"),
        ("aws-auth.yaml", aws_auth(&format!("  entries: |\n    - {user}\n")), "user/p/ann"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    {role}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    rolearn: {arn}\n    username: a\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    {arn}:\n      username: a\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    - {arn}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    - {arn}: {{username: a}}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    - - {role}\n")), "role/Admin"),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    - {{rolearn: [{arn}], username: a}}\n")), "role/Admin"),
        (
            "aws-auth.yaml",
            aws_auth(&format!("  mapRoles: |\n    - {{role_arn: '{arn}', username: a}}\n")),
            "role/Admin",
        ),
        ("aws-auth.yaml", aws_auth(&format!("  mapRoles: |\n    - {{iamarn: '{arn}', username: a}}\n")), "role/Admin"),
        (
            "aws-auth.yaml",
            aws_auth("  mapUsers: |\n    - {user_arn: 'arn:aws:iam::111122223333:user/p/ann'}\n"),
            "user/p/ann",
        ),
        ("config.yaml", config(&format!("server:\n  mapRole:\n  - {role}\n")), "role/Admin"),
        ("config.yaml", config(&format!("servers:\n  mapRoles:\n  - {role}\n")), "role/Admin"),
        ("config.yaml", config(&format!("mapUsers:\n- {user}\n")), "user/p/ann"),
        ("one.yaml", object(&format!("{{iamARN: '{arn}', username: a}}")), "role/Admin"),
        ("one.yaml", object(&format!("{{roleArn: '{arn}', username: a}}")), "role/Admin"),
        (
            "dynamic.json",
            format!(
                "{{\"LastUpdatedDateTime\": \"1\", \"Version\": \"1\", \"mapUsers\": [], \"mapRole\": [\n{{\"rolearn\": \"{arn}\"}}]}}"
            ),
            "role/Admin",
        ),
        (
            "dynamic.json",
            format!(
                "{{\"LastUpdatedDateTime\": \"1\", \"Version\": \"1\", \"mapUsers\": [], \"mapRoles\": [\n{{\"role_arn\": \"{arn}\"}}]}}"
            ),
            "role/Admin",
        ),
    ];
    let mut lines = String::new();
    for (file, text, name) in &rows {
        lines += &format!("{}\n", nearest(&[(file, text)], None, name));
        // The key is nobody's, whoever reads the file.
        if *file == "config.yaml" {
            let ours = nearest(&[(file, text)], Some(mapping::Reader::ClusterAuth), name);
            assert_eq!(ours, nearest(&[(file, text)], None, name), "{text}");
        }
    }
    assert_snapshot!(lines, @"
    data.maproles of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: unknown key `maproles`, which is ignored: what is read is `mapRoles`
    data.mapRole of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: unknown key `mapRole`, which is ignored: what is read is `mapRoles`
    data.mapusers of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: unknown key `mapusers`, which is ignored: what is read is `mapUsers`
    data.entries of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: unknown key `entries`, which is ignored: what is read is `mapUsers`
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: mapRoles must be a list, and is an object
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: mapRoles must be a list, and is a mapping
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: mapRoles must be a list, and is a mapping
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN stands in text, where the entry has to be a mapping
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN is a key
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN stands in a list, where the entry has to be a mapping
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN stands in a list, where `rolearn` has to be text
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN is under `role_arn`, which is ignored there
    mapRoles[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has neither `rolearn` nor `sso`; its ARN is under `iamarn`, which is ignored there
    mapUsers[0] of ConfigMap kube-system/aws-auth (aws-auth.yaml:6) looks like a match, but never matches: it has no `userarn`; its ARN is under `user_arn`, which is ignored there
    config.yaml:4 looks like a match, but never matches: unknown key `server.mapRole`, which is ignored: what is read is `server.mapRoles`
    config.yaml:4 looks like a match, but never matches: unknown key `servers.mapRoles`, which is ignored: what is read is `server.mapRoles`
    config.yaml:3 looks like a match, but never matches: unknown key `mapUsers`, which is ignored: what is read is `server.mapUsers`
    IAMIdentityMapping one looks like a match, but never matches: unknown key `spec.iamARN`, which is ignored: what is read is `spec.arn`
    IAMIdentityMapping one looks like a match, but never matches: unknown key `spec.roleArn`, which is ignored: what is read is `spec.arn`
    dynamic.json:2 looks like a match, but never matches: unknown key `mapRole`, which is ignored: what is read is `mapRoles`
    dynamic.json:2 looks like a match, but never matches: the program refuses the whole file
    ");
}

#[test]
fn whoever_compares_whole_arns_says_nothing_of_partitions() {
    let file = [
        ("aws-auth.yaml", AWS_AUTH),
        ("config.yaml", "server: {mapUsers: [{userarn: 'arn:aws:iam::111122223333:user/eve', username: eve}]}\n"),
    ];
    let of = |reader| {
        let mut given = inventory::Inputs::default();
        given.dump.read_by(reader);
        assert!(given.read(file[0].0, file[0].1.as_bytes()).expect("readable"));
        given.configure(document::Source::new(file[1].0, file[1].1));
        let world = crate::World::new(given, None, super::now()).expect("readable");
        let explanation = world.explain(Caller::of_arn("arn:aws-cn:iam::111122223333:user/eve").expect("an ARN"));
        let (Verdict::Refused(denial) | Verdict::NotKnown(crate::explain::NotKnown { seen: Some(denial), .. })) =
            explanation.verdict
        else {
            panic!("{:?}", explanation.verdict)
        };
        let near = denial.nearest.map(|near| near.words).unwrap_or_default();
        format!("{} {near}: {}", denial.code.code, denial.fix.map(|fix| fix.text).unwrap_or_default())
    };
    assert_snapshot!(
        of(mapping::Reader::AwsIamAuthenticator),
        @"mapping.none the user eve is mapped in the partition aws, not in aws-cn (config.yaml:1): add to mapUsers of the authenticator's configuration of a server that runs with `--partition aws-cn`: each takes the tokens of one partition alone"
    );
    assert_snapshot!(
        of(mapping::Reader::ClusterAuth),
        @"mapping.other-partition : aws-cn is the caller's partition, and aws the one of everybody who is mapped"
    );
}

#[test]
fn what_was_read_is_not_said_to_be_unseen() {
    let list = r#"{"kind": "ConfigMapList", "apiVersion": "v1", "items": []}"#;
    let world = world(&[("list.json", list), ("aws-auth.yaml", AWS_AUTH)]);
    let explanation = world.explain(Caller::of_arn("arn:aws:iam::111122223333:role/Session").expect("somebody"));
    assert!(matches!(explanation.verdict, Verdict::NotKnown(_)), "{:?}", explanation.verdict);
    let report = explanation.report(Some(&world));
    let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
    assert!(text.contains("~ nearest: mapRoles[1] of ConfigMap kube-system/aws-auth (aws-auth.yaml:7)"), "{text}");
    // Of nobody's, where nothing stands in it.
    let empty = whole(&[(
        "aws-auth.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n",
    )]);
    let explanation = empty.explain(Caller::of_arn("arn:aws:iam::111122223333:role/Session").expect("somebody"));
    let text: String =
        report::text_of(&explanation.report(Some(&empty))).iter().map(|one| one.text().to_owned()).collect();
    assert!(text.contains("there is no mapping at all"), "{text}");
}

/// What a program makes nothing of lets nobody in, and what cannot be read may let somebody in: only of the latter is that said.
#[test]
fn of_what_its_own_program_makes_nothing_it_is_not_said_that_it_lets_somebody_in() {
    let eksctl = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: eu-west-1}\niamIdentityMappings: \
                  [{arn: 'arn:aws:sts::111122223333:assumed-role/Build/x', username: u, groups: [g]}]\n";
    let aws_auth = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata: {mapRoles: \
                    \"[{rolearn: 'arn:aws:iam::${ACCOUNT}:role/Build', username: u}]\"}\n";
    let unfilled = &eksctl.replace("sts::111122223333:assumed-role/Build/x", "iam::${ACCOUNT}:role/Build");
    let rows = [
        ("eksctl.yaml", eksctl, "so nobody can log in through it", false),
        ("eksctl.yaml", unfilled, "${ACCOUNT}", true),
        ("aws-auth.yaml", aws_auth, "${ACCOUNT}", true),
    ];
    for (file, text, expected, may_let_in) in rows {
        let world = world(&[(file, text)]);
        let caller = Caller::of_arn("arn:aws:iam::111122223333:role/Build").expect("an ARN");
        let report = world.explain(caller).report(Some(&world));
        let text: String = report::text_of(&report).iter().map(|segment| segment.text().to_owned()).collect();
        let at = text.find(expected).unwrap_or_else(|| panic!("{expected} is not in\n{text}"));
        let below: String = text[at..].lines().take(3).collect::<Vec<_>>().join("\n");
        assert_eq!(below.contains("whoever is named there is let in"), may_let_in, "{file}\n{text}");
    }
}
