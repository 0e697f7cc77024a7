//! What `logweir activity` reads: files, the bucket of a trail, CloudTrail's event history, or the answers of Athena.

use jiff::Timestamp;

use super::ActivityArgs;
use super::athena::Asked;
use super::looked_up::History;
use crate::cli::failure::Failure;
use crate::domain::trail::activity::Question;
use crate::domain::trail::location::Location;
use crate::workflow::trail_files::Wanted;

pub(super) enum Input<'q> {
    Files,
    Bucket(Wanted),
    History(History<'q>),
    Athena(Asked<'q>),
    /// Print the statements for Athena.
    Statements(Asked<'q>, Location),
}

impl ActivityArgs {
    /// Checks the arguments before anything is read.
    pub(super) fn input<'q>(&'q self, question: &'q Question) -> Result<Input<'q>, Failure> {
        if self.lookup {
            return History::new(self, question).map(Input::History);
        }
        let bucket = self.paths.iter().find(|path| path.starts_with("s3://"));
        if bucket.is_some() && self.paths.len() > 1 {
            return Err(
                Failure::usage("a run reads one bucket and nothing else").help("run the command once for each bucket")
            );
        }
        let location = bucket.map(|bucket| Location::parse(bucket));
        let location = location.transpose().map_err(|error| Failure::usage(error.to_string()))?;
        if self.athena.is_wanted() {
            return self.athena_input(question, location);
        }
        if self.verify.is_wanted() && self.paths.iter().any(|path| path == "-") {
            return Err(Failure::usage("standard input cannot be verified").help("name the folder of the trail"));
        }
        let Some(location) = location else { return Ok(Input::Files) };
        let since = question.since.ok_or_else(|| {
            Failure::usage("a bucket may have the files of many years, and the period has no start").help("add --since")
        })?;
        Ok(Input::Bucket(Wanted {
            location,
            since,
            until: question.until.unwrap_or_else(Timestamp::now),
            accounts: question.filters.accounts.clone(),
            regions: question.filters.regions.clone(),
            with_digests: self.verify.is_wanted(),
        }))
    }

    fn athena_input<'q>(&self, question: &'q Question, location: Option<Location>) -> Result<Input<'q>, Failure> {
        let asked = self.athena.asked(question)?;
        let named = [("--verify", self.verify.is_wanted()), ("--elk", self.elk.is_some())];
        if let Some((option, _)) = named.iter().find(|(_, is_given)| *is_given) {
            return Err(Failure::usage(format!("{option} has no meaning for Athena, which returns no records"))
                .help("read the bucket without --engine"));
        }
        match (self.athena.only_prints(), location) {
            (true, Some(location)) => Ok(Input::Statements(asked, location)),
            (true, None) => Err(Failure::usage("the table needs the folder of the trail")
                .help("name it: logweir activity s3://BUCKET/AWSLogs/ --print-ddl …")),
            (false, None) if self.paths.is_empty() => Ok(Input::Athena(asked)),
            (false, _) => Err(Failure::usage("Athena reads the files of its table, and no other ones")
                .help("leave the path out, or leave --engine out")),
        }
    }
}
