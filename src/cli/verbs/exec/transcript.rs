//! `logweir exec transcript`: prints the transcript of one session of ECS Exec.

use clap::Args;

use crate::aws::{Aws, SessionSources, TranscriptText};
use crate::cli::connect::{Intent, home, wait};
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure, VerbResult};
use crate::cli::help::examples;
use crate::domain::exec::{self, Destination, Place};
use crate::domain::text::plain::plain;
use crate::ports::SystemClock;
use crate::render::exec_sessions::{TranscriptOutput, harmless};
use crate::workflow::{SessionAccount, transcript_destination};

pub(super) const EXAMPLES: &str = examples![
    "logweir exec transcript ecs-execute-command-s9y89par6quf78pcbnoko32g28",
    "logweir exec transcript ecs-execute-command-0123456789abcdef0 --log-group /ecs/exec",
    "logweir exec transcript ecs-execute-command-0123456789abcdef0 --object s3://logs/exec/one.log",
];

/// The longest ID of a session (source: Systems Manager API reference, Session).
const LONGEST_ID: usize = 96;

#[derive(Args)]
pub(in crate::cli) struct ExecTranscriptArgs {
    /// The ID of the session
    #[arg(value_name = "SESSION", value_parser = id)]
    session: String,
    /// The log group of the transcript [default: the place that the setting of the cluster names]
    #[arg(long, value_name = "GROUP", conflicts_with = "object")]
    log_group: Option<String>,
    /// The object of the transcript in Amazon S3
    #[arg(long, value_name = "s3://BUCKET/KEY", value_parser = object)]
    object: Option<Object>,
    /// The largest number of bytes to read
    #[arg(long, value_name = "N", default_value_t = 1 << 20, value_parser = clap::value_parser!(u32).range(1..=(64 << 20)))]
    max_bytes: u32,
}

#[derive(Clone)]
struct Object {
    bucket: String,
    key: String,
}

fn id(text: &str) -> Result<String, String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '=' | ',' | '+');
    match (1..=LONGEST_ID).contains(&text.len()) && text.chars().all(is_fit) {
        true => Ok(text.to_owned()),
        false => Err("expected the ID of a session, such as ecs-execute-command-0123456789abcdef0".into()),
    }
}

fn object(text: &str) -> Result<Object, String> {
    let named = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    match named {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok(Object { bucket: bucket.into(), key: key.into() })
        }
        _ => Err("use the form s3://BUCKET/KEY".into()),
    }
}

impl ExecTranscriptArgs {
    pub(in crate::cli) fn run(&self, context: &Context) -> VerbResult {
        wait(async {
            let aws = context.aws(Intent::Look).await?;
            let sources = aws.session_sources();
            let places = match self.named() {
                Some(place) => vec![place],
                None => self.places(&aws, &sources).await?,
            };
            for place in &places {
                if let Some(text) = sources.transcript(place, self.max_bytes as usize).await? {
                    return Ok(self.show(context, place, &text));
                }
            }
            let names: Vec<String> = places.iter().map(|place| plain(&place.to_string(), 512)).collect();
            Err(Failure::error(format!("session {}: there is no transcript at {}", self.session, names.join(" or ")))
                .help("a transcript arrives some minutes after the end of its session: logweir exec sessions"))
        })
    }

    /// Returns the place that the caller names.
    fn named(&self) -> Option<Place> {
        let stream = |group: &String| Place::Stream { group: group.clone(), stream: self.session.clone() };
        let object = |object: &Object| Place::Object { bucket: object.bucket.clone(), keys: vec![object.key.clone()] };
        self.log_group.as_ref().map(stream).or_else(|| self.object.as_ref().map(object))
    }

    /// Returns the places that the present setting of the cluster names.
    async fn places(&self, aws: &Aws, sources: &SessionSources) -> Result<Vec<Place>, Failure> {
        let help = "name the place: --log-group GROUP or --object s3://BUCKET/KEY";
        let session = sources.session(&self.session).await?.ok_or_else(|| {
            Failure::error(format!("Systems Manager lists no session {} in a container of ECS", self.session))
                .help(help)
        })?;
        let (home, _) = home(aws).await?;
        let account = SessionAccount {
            ecs: &aws.ecs,
            log_groups: &aws.log_groups,
            sources,
            timer: &SystemClock,
            home: exec::Home { account: home.account, region: home.region },
        };
        match transcript_destination(&account, session).await {
            Destination::Places(places, _) => Ok(places),
            Destination::Nowhere(why, _) => {
                Err(Failure::error(format!("session {} has no transcript: {why}", self.session)).help(help))
            }
            Destination::Unknown(why) => Err(Failure::error(format!("session {}: {why}", self.session)).help(help)),
        }
    }

    fn show(&self, context: &Context, place: &Place, found: &TranscriptText) -> Exit {
        let output = TranscriptOutput {
            session_id: self.session.clone(),
            kind: place.kind(),
            place: place.to_string(),
            size: found.size,
            is_whole: found.is_whole,
            text: harmless(&found.bytes),
        };
        let size = found.size.map(|size| format!(", {size} bytes")).unwrap_or_default();
        context
            .printer
            .note(&format!("transcript of {} from {}{size}, without control sequences", self.session, output.place));
        context.printer.show(&output);
        if !found.is_whole {
            let bytes = found.bytes.len();
            context.printer.warning(
                &format!("only the first {bytes} bytes of the transcript are shown"),
                "read more with --max-bytes N",
            );
        }
        Exit::Fine
    }
}
