//! What becomes of each option of the log driver awslogs, in both directions.
//!
//! Sources: ECS API reference, LogConfiguration; moby, daemon/logger/awslogs/cloudwatchlogs.go; fluent-bit,
//! plugins/out_cloudwatch_logs; aws/amazon-cloudwatch-logs-for-fluent-bit.

/// What becomes of an option of awslogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The output plugin has an option with the same meaning and the same values.
    Output(&'static str),
    /// The option is a part of the name of the log stream.
    StreamPrefix,
    /// The option says whether the log group is created.
    CreateGroup,
    /// The option is a regular expression for the first line of an event.
    Multiline,
    /// The option is a date format for the first line of an event.
    Datetime,
    /// The output plugin has no such option, and the container loses no log line without it. The text says why.
    Dropped(&'static str),
    /// The migration would change where or how the container logs. The text says why.
    Blocks(&'static str),
}

const DELIVERY: &str = "the router buffers the log lines instead; its limits are the memory of the router and the option \
                        log-driver-buffer-limit";

/// The options of awslogs. Docker has more options than ECS accepts, so a document may contain them.
const OPTIONS: [(&str, Fate); 17] = [
    ("awslogs-group", Fate::Output("log_group_name")),
    ("awslogs-region", Fate::Output("region")),
    ("awslogs-stream-prefix", Fate::StreamPrefix),
    ("awslogs-create-group", Fate::CreateGroup),
    ("awslogs-multiline-pattern", Fate::Multiline),
    ("awslogs-datetime-format", Fate::Datetime),
    ("awslogs-format", Fate::Output("log_format")),
    ("mode", Fate::Dropped(DELIVERY)),
    ("max-buffer-size", Fate::Dropped(DELIVERY)),
    (
        "awslogs-force-flush-interval-seconds",
        Fate::Dropped("the router sends its log lines in the interval `Flush` of its own configuration"),
    ),
    (
        "awslogs-max-buffered-events",
        Fate::Dropped("the router limits its log lines by their size and not by their number"),
    ),
    ("awslogs-create-stream", Fate::Dropped("the output plugin always creates the log stream")),
    ("cache-disabled", Fate::Dropped("it is for `docker logs`, which reads nothing from this container any more")),
    ("awslogs-stream", Fate::Blocks("the containers of all tasks would share one log stream")),
    (
        "awslogs-endpoint",
        Fate::Blocks("the output plugin takes a host name and not a URL, so set its option endpoint by hand"),
    ),
    (
        "awslogs-credentials-endpoint",
        Fate::Blocks(
            "the router uses the credentials of the task role, so the log lines may arrive in another account",
        ),
    ),
    ("tag", Fate::Blocks("the template of Docker names the log stream, and Fluent Bit does not know the template")),
];

/// Returns what becomes of the option of awslogs.
pub fn fate(option: &str) -> Fate {
    let known = OPTIONS.iter().find(|(name, _)| *name == option);
    known.map_or(Fate::Blocks("the driver awslogs has no such option, so its meaning is unknown"), |(_, fate)| *fate)
}

/// What becomes of an option of the CloudWatch output plugin on the way back to awslogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// The option of awslogs with the same meaning and the same values.
    Option(&'static str),
    /// The beginning of the name of the log stream.
    StreamPrefix,
    /// The name of the log stream.
    StreamName,
    CreateGroup,
    /// The option with which the message is the raw log line, as awslogs sends it.
    LogKey,
    /// awslogs has no such option, and the container loses no log line without it.
    Dropped,
    /// The way back would change where or how the container logs.
    Blocks,
}

/// Returns what becomes of the option of the CloudWatch output plugin. Fluent Bit compares the names of options without
/// regard to case.
pub fn back(option: &str) -> Return {
    let option = option.to_ascii_lowercase();
    let same = OPTIONS.iter().find(|(_, fate)| matches!(fate, Fate::Output(name) if *name == option));
    if let Some((name, _)) = same {
        return Return::Option(name);
    }
    match option.as_str() {
        "name" | "match" => Return::Dropped,
        "log_stream_prefix" => Return::StreamPrefix,
        "log_stream_name" => Return::StreamName,
        "auto_create_group" => Return::CreateGroup,
        "log_key" => Return::LogKey,
        // The retention is a setting of the log group, which stays.
        "log_retention_days" | "log_group_class" | "new_log_group_tags" | "auto_create_stream" => Return::Dropped,
        "retry_limit"
        | "auto_retry_requests"
        | "workers"
        | "log-driver-buffer-limit"
        | "log_level"
        | "alias"
        | "extra_user_agent"
        | "storage.total_limit_size" => Return::Dropped,
        option if option.starts_with("net.") => Return::Dropped,
        _ => Return::Blocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::firelens::plugin::plugin;

    #[test]
    fn the_output_plugins_have_every_option_that_an_option_becomes() {
        for (option, fate) in OPTIONS {
            let Fate::Output(name) = fate else { continue };
            for output in ["cloudwatch_logs", "cloudwatch"] {
                assert!(plugin(output).unwrap().option(name).is_some(), "{output} has no {name} for {option}");
            }
            assert_eq!(back(name), Return::Option(option));
        }
    }

    #[test]
    fn an_option_of_no_driver_blocks() {
        for option in ["", "awslogs_group", "AWSLOGS-GROUP", "splunk-token", "Name"] {
            assert!(matches!(fate(option), Fate::Blocks(_)), "{option}");
        }
    }
}
