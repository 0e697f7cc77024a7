//! The definition of a table over the files of a trail, with partition projection (source: Athena User Guide, "Create a
//! table for CloudTrail logs with partition projection").

use jiff::civil::Date;

use super::literal::Name;

/// Where the files of a trail are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The folder that contains the folders of the accounts, such as `s3://BUCKET/PREFIX/AWSLogs/o-ID/`.
    pub accounts_folder: String,
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// The first day of which the trail has files.
    pub from: Date,
}

/// Returns the statement that creates the table, without a semicolon. A trail of one account and one Region has a table
/// with days as partitions. Any other trail also has accounts and Regions as partitions.
pub fn table(name: &Name, layout: &Layout) -> String {
    let Layout { accounts_folder, accounts, regions, from } = layout;
    let (columns, projections, location, template) = match (accounts.as_slice(), regions.as_slice()) {
        ([account], [region]) => {
            let folder = format!("{accounts_folder}{account}/CloudTrail/{region}/");
            ("`timestamp` string", String::new(), folder.clone(), format!("{folder}${{timestamp}}"))
        }
        _ => {
            let of = |column: &str, values: &[String]| {
                let values = values.join(",");
                format!("  'projection.{column}.type' = 'enum',\n  'projection.{column}.values' = '{values}',\n")
            };
            let template = format!("{accounts_folder}${{account}}/CloudTrail/${{region}}/${{timestamp}}");
            let projections = of("account", accounts) + &of("region", regions);
            ("`account` string, `region` string, `timestamp` string", projections, accounts_folder.clone(), template)
        }
    };
    include_str!("table.sql")
        .trim_end()
        .replace("{columns}", columns)
        .replace("{projections}", &projections)
        .replace("{from}", &from.strftime("%Y/%m/%d").to_string())
        .replace("{table}", &name.in_definition())
        .replace("{location}", &location)
        .replace("{template}", &template)
}
