//! What a fix changes in each layout of YAML, and that every other byte stays.

use super::{GOOD, container, expect, fixed, template};

/// The two options that most fixes add.
const MODE: &str = "mode: non-blocking";
const SIZE: &str = "max-buffer-size: 25m";

#[test]
fn options_are_added_with_the_indentation_of_their_siblings() {
    let prefix = "              awslogs-stream-prefix: app\n";
    expect(&template(&container("")), prefix, &format!("{prefix}              {MODE}\n              {SIZE}\n"), false);
}

#[test]
fn comments_stay_where_they_are() {
    let options = "              # the mode is set by the account\n\n        # the next container\n        - Name: side\n          \
                   LogConfiguration: # none\n            LogDriver: awsfirelens # router\n";
    let text = template(&container(options)).replace("prefix: app\n", "prefix: app # a stream for each app\n");
    let old = "prefix: app # a stream for each app\n";
    expect(&text, old, &format!("{old}              {MODE}\n              {SIZE}\n"), false);
}

#[test]
fn line_ends_the_byte_order_mark_and_the_missing_last_line_end_stay() {
    let text = template(&container(""));
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let old = "awslogs-stream-prefix: app\r\n";
    expect(&windows, old, &format!("{old}              {MODE}\r\n              {SIZE}\r\n"), false);
    let open = text.trim_end();
    let found = fixed(open, false).unwrap();
    assert_eq!(found, format!("{open}\n              {MODE}\n              {SIZE}"));
}

#[test]
fn a_sequence_at_the_indentation_of_its_parent_stays() {
    let containers = "      - Name: app\n        LogConfiguration:\n          LogDriver: awslogs\n          Options:\n            \
                      awslogs-group: !Ref LogGroup\n            awslogs-region: !Ref AWS::Region\n            \
                      awslogs-stream-prefix: app\n      - Name: side\n      Volumes: []\n";
    let text = template(containers);
    let wanted = text
        .replace("prefix: app\n", &format!("prefix: app\n            {MODE}\n            {SIZE}\n"))
        .replace(
            "      - Name: side\n",
            "      - Name: side\n        LogConfiguration:\n          LogDriver: awslogs\n          Options:\n            \
             awslogs-group: !Ref LogGroup\n            awslogs-region: !Ref AWS::Region\n            \
             awslogs-stream-prefix: side\n            mode: non-blocking\n            max-buffer-size: 25m\n",
        );
    let found = fixed(&text, false).unwrap();
    assert_eq!(found, wanted, "\n{found}");
}

#[test]
fn a_mapping_in_braces_gets_its_entries_in_braces() {
    let flow = "        - { Name: app, LogConfiguration: { LogDriver: awslogs, Options: { awslogs-group: !Ref LogGroup, \
                awslogs-region: !Ref AWS::Region, awslogs-stream-prefix: app } } }\n";
    let old = "awslogs-stream-prefix: app }";
    expect(&template(flow), old, &format!("awslogs-stream-prefix: app, {MODE}, {SIZE} }}"), false);
    let lines = "        - Name: app\n          LogConfiguration: {\n            LogDriver: awslogs,\n            Options: {\n              \
                 awslogs-group: !Ref LogGroup, # shared\n              awslogs-region: !Ref AWS::Region,\n              \
                 awslogs-stream-prefix: app # the last\n            }\n          }\n";
    let old = "awslogs-stream-prefix: app # the last\n";
    let new = format!("awslogs-stream-prefix: app, # the last\n              {MODE},\n              {SIZE}\n");
    expect(&template(lines), old, &new, false);
}

#[test]
fn quoted_keys_and_values_get_quoted_siblings() {
    let quoted = "        - \"Name\": \"app\"\n          \"LogConfiguration\":\n            \"LogDriver\": \"awslogs\"\n            \
                  \"Options\":\n              \"awslogs-group\": !Ref LogGroup\n              \"awslogs-region\": !Ref AWS::Region\n              \
                  \"awslogs-stream-prefix\": \"app\"\n";
    let old = "              \"awslogs-stream-prefix\": \"app\"\n";
    let new = format!("{old}              \"mode\": \"non-blocking\"\n              \"max-buffer-size\": \"25m\"\n");
    expect(&template(quoted), old, &new, false);
}

#[test]
fn a_value_keeps_its_quotes_when_it_changes() {
    for (old, new) in [
        ("mode: blocking # why", "mode: non-blocking # why"),
        ("mode: 'blocking'", "mode: 'non-blocking'"),
        ("mode: \"blocking\"", "mode: \"non-blocking\""),
        ("mode: !Sub blocking", "mode: non-blocking"),
        ("mode:   blocking", "mode:   non-blocking"),
        ("? mode\n              : blocking", "? mode\n              : non-blocking"),
    ] {
        let options = format!("              {old}\n              {SIZE}\n");
        expect(&template(&container(&options)), old, new, false);
    }
}

#[test]
fn a_container_without_a_log_configuration_gets_one_with_the_group_of_the_others() {
    let side = format!("{GOOD}        - Name: side\n          Image: envoy\n");
    let new = "          Image: envoy\n          LogConfiguration:\n            LogDriver: awslogs\n            Options:\n              \
               awslogs-group: !Ref LogGroup\n              awslogs-region: !Ref AWS::Region\n              \
               awslogs-stream-prefix: side\n              mode: non-blocking\n              max-buffer-size: 25m\n";
    expect(&template(&container(&side)), "          Image: envoy\n", new, false);
}

#[test]
fn empty_values_are_filled() {
    for empty in ["LogConfiguration: {}", "LogConfiguration:", "LogConfiguration: ~", "LogConfiguration: null # later"]
    {
        let side = format!("{GOOD}        - Name: side\n          {empty}\n          Image: envoy\n");
        let text = template(&container(&side));
        let found = fixed(&text, false).unwrap();
        let comment = if empty.contains('#') { " # later" } else { "" };
        let head =
            format!("          LogConfiguration:{comment}\n            LogDriver: awslogs\n            Options:\n");
        assert!(found.contains(&head) && found.ends_with("          Image: envoy\n"), "{empty}:\n{found}");
    }
}

#[test]
fn a_container_name_that_a_parameter_gives_is_written_as_a_function() {
    let side = format!("{GOOD}        - Name: !Sub '${{Service}}-side'\n          Image: envoy\n");
    let found = fixed(&template(&container(&side)), false).unwrap();
    assert!(found.contains("awslogs-stream-prefix: !Sub '${Service}-side'\n"), "{found}");
}

#[test]
fn task_definitions_in_yaml_are_fixed_like_those_in_json() {
    for (camel, key) in [(true, "logConfiguration"), (false, "LogConfiguration")] {
        let text = "# the web service\nfamily: web\nexecutionRoleArn: arn:aws:iam::111122223333:role/x\ncontainerDefinitions:\n- name: app\n  \
                    image: nginx # latest\n";
        let text = if camel {
            text.to_owned()
        } else {
            text.replace("family", "Family")
                .replace("executionRole", "ExecutionRole")
                .replace("containerD", "ContainerD")
                .replace("name", "Name")
                .replace("image:", "Image:")
        };
        let found = fixed(&text, false).unwrap();
        assert!(found.starts_with(&text), "{found}");
        assert!(found.contains(&format!("\n  {key}:\n    ")), "{found}");
        assert!(
            found.contains("awslogs-group: /ecs/web\n") && found.contains("awslogs-region: eu-west-1\n"),
            "{found}"
        );
        assert_eq!(fixed(&found, false).as_deref(), Ok(found.as_str()));
    }
}
