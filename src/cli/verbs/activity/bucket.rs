//! Reads the files of a trail from a bucket of Amazon S3.

use futures_util::StreamExt;
use futures_util::stream;

use crate::aws::S3Bucket;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::trail::activity::UnreadableFile;
use crate::domain::trail::location::Folder;
use crate::ports::{Answer, ListedObject, Object, PortError, SystemClock};
use crate::sources::digests::DigestCheck;
use crate::sources::trail::{Broken, FilesRead, Limits, Sink, read_one};
use crate::workflow::trail_files::{RegionFolder, Wanted, day_folders, files, object, region_folders};

/// The number of calls at the same time. S3 allows 5,500 reads a second for a prefix (source: S3 User Guide, performance).
const AT_ONCE: usize = 8;

/// The largest object, in bytes. CloudTrail's log files have at most some tens of megabytes.
const LARGEST: u64 = 128 << 20;

/// Gives the records of the files to the sink, and the files to the check. Files and folders that cannot be read are
/// named in the result.
pub(super) fn read(
    context: &Context,
    wanted: &Wanted,
    is_requester_paying: bool,
    sink: &mut impl Sink,
    mut check: Option<&mut DigestCheck>,
) -> Result<FilesRead, Failure> {
    wait(async {
        let aws = context.aws(Intent::Look).await?;
        let name = &wanted.location.bucket;
        let bucket = aws.bucket(name, is_requester_paying);
        let bucket = bucket.ok_or_else(|| Failure::usage(format!("`{name}` is not the name of a bucket")))?;
        let regions = region_folders(&bucket, &SystemClock, wanted).await.map_err(|error| unlisted(wanted, error))?;
        if !regions.iter().any(|region| region.folder == Folder::Logs) {
            return Err(no_trail(wanted));
        }
        let mut read = FilesRead::default();
        let days: Vec<RegionFolder> = regions.iter().flat_map(|region| day_folders(region, wanted)).collect();
        let listed = stream::iter(&days).map(|day| list(&bucket, day)).buffered(AT_ONCE);
        let mut listed = std::pin::pin!(listed);
        while let Some((day, objects)) = listed.next().await {
            match objects {
                Ok(objects) => day_of(&bucket, day, objects, &mut read, sink, check.as_deref_mut()).await,
                Err(error) => read.add_unreadable(unreadable(&place(wanted, &day.key), &error)),
            }
        }
        Ok(read)
    })
}

async fn list<'d>(bucket: &S3Bucket, day: &'d RegionFolder) -> (&'d RegionFolder, Answer<Vec<ListedObject>>) {
    (day, files(bucket, &SystemClock, day).await)
}

async fn get(bucket: &S3Bucket, listed: ListedObject) -> (ListedObject, Answer<Object>) {
    let got = object(bucket, &SystemClock, &listed.key, LARGEST).await;
    (listed, got)
}

/// Reads the files of a day.
async fn day_of(
    bucket: &S3Bucket,
    day: &RegionFolder,
    objects: Vec<ListedObject>,
    read: &mut FilesRead,
    sink: &mut impl Sink,
    mut check: Option<&mut DigestCheck>,
) {
    let got = stream::iter(objects).map(|listed| get(bucket, listed)).buffered(AT_ONCE);
    let mut got = std::pin::pin!(got);
    while let Some((listed, got)) = got.next().await {
        let name = format!("s3://{}/{}", bucket.name(), listed.key);
        match got {
            Err(error) => {
                if let Some(check) = &mut check {
                    check.add_unreadable(&listed.key);
                }
                read.add_unreadable(unreadable(&name, &error));
            }
            Ok(Object { bytes, signature }) => {
                if let Some(check) = &mut check {
                    check.add(&listed.key, &bytes, signature);
                }
                let ended = match day.folder {
                    Folder::Logs => read_one(bytes.as_slice(), Limits::default(), sink),
                    Folder::Digests => Err((0, Broken::Digest)),
                };
                read.add(&name, listed.size, ended);
            }
        }
    }
}

fn place(wanted: &Wanted, key: &str) -> String {
    format!("s3://{}/{key}", wanted.location.bucket)
}

fn unreadable(file: &str, error: &PortError) -> UnreadableFile {
    UnreadableFile { file: file.to_owned(), why: error.to_string(), records: 0 }
}

/// Returns the error of a list without which no file is known.
fn unlisted(wanted: &Wanted, error: PortError) -> Failure {
    let folder = place(wanted, &wanted.location.accounts_folder());
    let is_elsewhere =
        ["PermanentRedirect", "AuthorizationHeaderMalformed"].iter().any(|code| error.message.contains(code));
    let failure = Failure::from(error).about(&folder);
    if is_elsewhere { failure.help("name the Region of the bucket with --region") } else { failure }
}

fn no_trail(wanted: &Wanted) -> Failure {
    let folder = place(wanted, &wanted.location.accounts_folder());
    Failure::error(format!("{folder} has no folder of CloudTrail for the accounts and Regions of the report"))
        .help("check the prefix of the trail (aws cloudtrail describe-trails), --account and --region")
}
