//! The accounts and Regions of one run: `--accounts`, `--regions`, `--role` and `--external-id`.

use std::path::Path;

use clap::Args;
use futures_util::{StreamExt, stream};

use super::connect::{Intent, home};
use super::context::Context;
use super::failure::Failure;
use crate::aws::{AccountClients, Aws, ConnectError, Connection};
use crate::bounded_file;
use crate::domain::accounts::{AuditRole, Regions, account_list, external_id, role_name};
use crate::domain::event::Home;
use crate::domain::text::plain::without_number;
use crate::ports::PortError;

/// The number of accounts that Logweir enters at the same time.
pub(super) const AT_ONCE: usize = 8;

/// The word for the accounts of the organization.
const ORGANIZATION: &str = "organization";

/// The largest file with accounts, in bytes.
const LARGEST: u64 = 1024 * 1024;

#[derive(Args, Clone, Debug, Default)]
pub(super) struct AccountsArgs {
    /// The Regions: names with commas between them, or `all` for every Region that an account has enabled
    #[arg(long, value_name = "REGIONS", hide_short_help = true)]
    regions: Option<Regions>,
    /// The accounts: a file with one account a line, or `organization` for all its active accounts
    #[arg(long, value_name = "FILE", requires = "role")]
    accounts: Option<String>,
    /// The name of the role to assume in each account
    #[arg(long, value_name = "NAME", requires = "accounts", value_parser = role_name, hide_short_help = true)]
    role: Option<String>,
    /// The external ID that the trust policy of the role requires
    #[arg(long, value_name = "VALUE", requires = "role", value_parser = external_id, hide_short_help = true)]
    external_id: Option<String>,
}

/// One account and Region that a run reads.
pub(super) struct Place {
    pub(super) home: Home,
    pub(super) aws: Aws,
}

/// An account, or a Region of it, that a run could not enter.
pub(super) struct NotEntered {
    pub(super) home: Home,
    pub(super) error: PortError,
}

/// The accounts and Regions of a run, sorted by account and Region.
#[derive(Default)]
pub(super) struct Places {
    pub(super) entered: Vec<Place>,
    pub(super) not_entered: Vec<NotEntered>,
    /// The Regions that the accounts have not enabled, all accounts together.
    pub(super) disabled: usize,
}

impl AccountsArgs {
    /// Whether the caller asks for more than the one account and Region of the other options.
    pub(super) fn are_given(&self) -> bool {
        self.regions.is_some() || self.accounts.is_some()
    }

    /// Enters every account, and finds its Regions. Fails only if the list of accounts cannot be read. The result names
    /// each account that could not be entered.
    pub(super) async fn enter(&self, context: &Context) -> Result<Places, Failure> {
        let own = context.aws(Intent::Look).await?;
        let (home, _) = home(&own).await?;
        let accounts = match self.accounts.as_deref() {
            None => vec![home.account.clone()],
            Some(ORGANIZATION) => own.accounts_of_organization().await.map_err(|error| {
                Failure::from(error)
                    .about("the accounts of the organization cannot be listed")
                    .help("use the management account or a delegated administrator, or name a file with accounts")
            })?,
            Some(file) => listed(Path::new(file))?,
        };
        let door = Door { connection: context.connection().await?, home: &home, args: self };
        let mut entering = stream::iter(accounts).map(|account| door.enter(account)).buffered(AT_ONCE);
        let mut places = Places::default();
        while let Some(of_account) = entering.next().await {
            places.entered.extend(of_account.entered);
            places.not_entered.extend(of_account.not_entered);
            places.disabled += of_account.disabled;
        }
        Ok(places)
    }
}

/// Reads the file with the accounts.
fn listed(file: &Path) -> Result<Vec<String>, Failure> {
    let failure = |why: String| Failure::error(format!("{}: {why}", file.display()));
    let text = bounded_file::read_text(file, LARGEST)
        .map_err(|error| failure(without_number(&error.to_string()).to_owned()))?;
    account_list(&text)
        .map_err(|error| failure(error.to_string()).help("write one account number a line; `#` starts a comment"))
}

/// What an account needs to be entered.
struct Door<'d> {
    connection: &'d Connection,
    /// The account and Region of the caller.
    home: &'d Home,
    args: &'d AccountsArgs,
}

impl Door<'_> {
    async fn enter(&self, account: String) -> Places {
        match self.places(&account).await {
            Ok(places) => places,
            Err(error) => {
                let home = Home { account, ..self.home.clone() };
                Places { not_entered: vec![NotEntered { home, error }], ..Places::default() }
            }
        }
    }

    async fn places(&self, account: &str) -> Result<Places, PortError> {
        let clients = self.clients(account).await?;
        let mut places = Places::default();
        let regions = match &self.args.regions {
            None => vec![self.home.region.clone()],
            Some(Regions::Named(regions)) => regions.clone(),
            Some(Regions::All) => {
                let aws = clients.in_region(&self.home.region).map_err(unusable)?;
                let (enabled, disabled): (Vec<_>, Vec<_>) =
                    aws.regions().await?.into_iter().partition(|region| region.is_enabled);
                places.disabled = disabled.len();
                enabled.into_iter().map(|region| region.name).collect()
            }
        };
        for region in regions {
            let aws = clients.in_region(&region).map_err(unusable)?;
            let home = Home { account: account.to_owned(), region, ..self.home.clone() };
            places.entered.push(Place { home, aws });
        }
        Ok(places)
    }

    /// Returns the clients of an account. Logweir assumes no role in the account of the caller.
    async fn clients(&self, account: &str) -> Result<AccountClients, PortError> {
        let own = self.connection.account();
        match &self.args.role {
            Some(name) if *account != self.home.account => {
                let role = AuditRole { name: name.clone(), external_id: self.args.external_id.clone() };
                own.assume(&role, &self.home.partition, account).await
            }
            _ => Ok(own),
        }
    }
}

fn unusable(error: impl Into<ConnectError>) -> PortError {
    let (kind, message) = (crate::ports::ErrorKind::Refused, error.into().to_string());
    PortError { kind, call: "connect", message, reason: None }
}
