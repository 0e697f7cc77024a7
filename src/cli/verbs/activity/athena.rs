//! `logweir activity --engine athena`: asks Amazon Athena for the counts, or prints the table and the queries.

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Map, json};

use crate::aws::AthenaPlace;
use crate::cli::connect::{Intent, wait};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::trail::activity::{Collector, Question};
use crate::domain::trail::aws_ranges::AwsRanges;
use crate::domain::trail::location::Location;
use crate::domain::trail::sql::{Layout, Name, Query, Scope, table};
use crate::ports::SystemClock;
use crate::workflow::trail_queries::{self, Cost, QueriesError};

/// The program that counts the records.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// Logweir reads the files
    Embedded,
    /// Amazon Athena reads the files of a trail
    Athena,
}

#[derive(Args)]
pub(super) struct AthenaArgs {
    /// The program that counts the records [default: embedded]
    #[arg(long, hide_short_help = true, value_enum)]
    engine: Option<Engine>,
    /// Athena: the database of the table
    #[arg(long, hide_short_help = true, value_name = "NAME", default_value = "default")]
    database: String,
    /// Athena: the table of the trail; --print-ddl prints its definition
    #[arg(long, hide_short_help = true, value_name = "NAME", default_value = "cloudtrail_logs")]
    table: String,
    /// Athena: the folder for the results of the queries [default: that of the workgroup]
    #[arg(long, hide_short_help = true, value_name = "S3-FOLDER")]
    output_location: Option<String>,
    /// Athena: the workgroup [default: primary]
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    workgroup: Option<String>,
    /// Print the definition of the table and the queries, and run nothing
    #[arg(long, hide_short_help = true)]
    print_ddl: bool,
}

/// What to ask Athena.
pub(super) struct Asked<'q> {
    name: Name,
    question: &'q Question,
    since: Timestamp,
    until: Timestamp,
}

impl AthenaArgs {
    pub(super) fn is_wanted(&self) -> bool {
        self.engine == Some(Engine::Athena) || self.print_ddl
    }

    pub(super) fn only_prints(&self) -> bool {
        self.print_ddl
    }

    /// Checks the arguments. Without a start of the period, the queries would read all files of the trail.
    pub(super) fn asked<'q>(&self, question: &'q Question) -> Result<Asked<'q>, Failure> {
        let name = Name::new(&self.database, &self.table).map_err(|error| Failure::usage(error.to_string()))?;
        let since = question.since.ok_or_else(|| {
            Failure::usage("Athena reads every file of the period, and the period has no start").help("add --since")
        })?;
        if !question.filters.principals.is_empty() {
            return Err(Failure::usage("--principal has no meaning for Athena, which does not name principals")
                .help("leave --principal out; the report lists the principals"));
        }
        if let Some(output) = &self.output_location
            && Location::parse(output).is_err()
        {
            return Err(
                Failure::usage(format!("`{output}` is not a folder of Amazon S3")).help("use s3://BUCKET/PREFIX/")
            );
        }
        if self.output_location.is_none() && self.workgroup.is_none() && !self.print_ddl {
            return Err(Failure::usage("Athena needs a folder for the results of the queries")
                .help("add --output-location s3://BUCKET/PREFIX/, or a --workgroup that has such a folder"));
        }
        let until = question.until.unwrap_or_else(Timestamp::now);
        Ok(Asked { name, question, since, until })
    }

    /// Runs the queries. Returns the counts and a sentence about the cost.
    pub(super) fn count(&self, context: &Context, asked: &Asked<'_>) -> Result<(Collector, String), Failure> {
        let place = AthenaPlace {
            database: self.database.clone(),
            output: self.output_location.clone(),
            workgroup: self.workgroup.clone(),
        };
        wait(async {
            let athena = context.aws(Intent::Look).await?.athena(place);
            let mut collector = Collector::default();
            let counted = trail_queries::count(&athena, &SystemClock, &asked.scope(), &mut collector).await;
            let Cost { queries, scanned } = counted.map_err(|error| self.failed(error))?;
            Ok((collector, format!("Athena read {scanned} bytes in {queries} queries.")))
        })
    }

    fn failed(&self, error: QueriesError) -> Failure {
        match error {
            QueriesError::Port(error) => error.into(),
            error => Failure::error(error.to_string()).help(format!(
                "compare the table {}.{} with the one that --print-ddl prints",
                self.database, self.table
            )),
        }
    }

    /// Prints the definition of the table and the queries.
    pub(super) fn print(
        &self,
        context: &Context,
        asked: &Asked<'_>,
        location: &Location,
        accounts: &[String],
        regions: &[String],
    ) -> Result<(), Failure> {
        let accounts = location.account.as_slice().iter().chain(accounts).cloned().collect::<Vec<_>>();
        if accounts.is_empty() {
            return Err(
                Failure::usage("the table needs the accounts of the trail").help("add --account for each account")
            );
        }
        let named: Vec<String> = location.region.as_slice().iter().chain(regions).cloned().collect();
        let layout = Layout {
            accounts_folder: format!("s3://{}/{}", location.bucket, location.accounts_folder()),
            accounts,
            regions: if named.is_empty() { commercial_regions() } else { named },
            from: asked.since.to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        let ddl = table(&asked.name, &layout);
        let scope = asked.scope();
        let queries: Vec<(Query, String)> =
            Query::REPORT.into_iter().chain(Query::PANELS).map(|query| (query, scope.sql(query))).collect();
        context.printer.text(|| {
            let queries = queries.iter().map(|(query, sql)| format!("\n-- {}\n{sql};\n", query.says()));
            format!("-- {TABLE}\n{ddl};\n{}", queries.collect::<String>())
        });
        context.printer.json(|| {
            let queries: Map<_, _> =
                queries.iter().map(|(query, sql)| (query.name().into(), sql.as_str().into())).collect();
            json!({"table": ddl, "queries": queries})
        });
        Ok(())
    }
}

const TABLE: &str = "The table of the trail. Logweir does not create it: run this statement once in Athena.";

impl Asked<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope { table: &self.name, question: self.question, since: self.since, until: self.until }
    }
}

/// Returns the Regions of the partition `aws`.
fn commercial_regions() -> Vec<String> {
    let others = ["cn-", "us-gov-", "us-iso", "eu-isoe", "eusc-"];
    let regions = AwsRanges::shipped().regions().into_iter();
    regions.filter(|region| !others.iter().any(|other| region.starts_with(other))).map(String::from).collect()
}
