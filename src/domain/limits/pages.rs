//! The pages of a list of an AWS service. A list that never ends must not cost endless time.

/// The largest number of pages without an item in a row.
const MOST_EMPTY: u32 = 1_000;

/// The reason why a list never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndlessList {
    #[error("the list returned the same token again")]
    SameToken,
    #[error("the list returned {MOST_EMPTY} empty pages in a row")]
    EmptyPages,
}

/// The tokens of the pages of one list. Remembers only one token at a time (Brent's algorithm), so that a list of any
/// length costs the same memory.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    remembered: Option<String>,
    /// The pages since the remembered token.
    since: u64,
    /// The pages after which the next token is remembered.
    limit: u64,
    empty: u32,
}

impl Pages {
    /// Returns the token of the next page, `next`, after a page with this number of items. Returns an error if the list
    /// never ends, because its tokens repeat, or because no page has an item any more.
    pub fn next(&mut self, next: Option<String>, items: usize) -> Result<Option<String>, EndlessList> {
        let Some(token) = next else { return Ok(None) };
        self.empty = if items == 0 { self.empty + 1 } else { 0 };
        if self.empty > MOST_EMPTY {
            return Err(EndlessList::EmptyPages);
        }
        if self.remembered.as_ref() == Some(&token) {
            return Err(EndlessList::SameToken);
        }
        self.since += 1;
        if self.since > self.limit {
            (self.since, self.limit) = (0, (self.limit * 2).max(1));
            self.remembered = Some(token.clone());
        }
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the number of pages that are read of a list whose tokens are `start`, and then `cycle` again and again.
    fn read(start: usize, cycle: usize) -> usize {
        let mut pages = Pages::default();
        let token = |page: usize| if page < start { page } else { start + (page - start) % cycle };
        (0..).find(|page| pages.next(Some(token(*page).to_string()), 1).is_err()).unwrap()
    }

    #[test]
    fn a_list_whose_tokens_repeat_ends_after_a_few_rounds() {
        for (start, cycle) in [(0, 1), (0, 2), (1, 1), (3, 2), (10, 7), (1_000, 3)] {
            let pages = read(start, cycle);
            assert!(pages <= 3 * (start + cycle) + 3, "{start} {cycle}: {pages}");
        }
    }

    #[test]
    fn a_long_list_ends_with_its_last_page() {
        let mut pages = Pages::default();
        for page in 0..50_000 {
            let token = Some(page.to_string());
            assert_eq!(pages.next(token.clone(), page % 500), Ok(token));
        }
        assert_eq!(pages.next(None, 0), Ok(None));
    }

    #[test]
    fn empty_pages_are_read_up_to_a_limit() {
        let mut pages = Pages::default();
        let read = (0..).find(|page: &u32| pages.next(Some(page.to_string()), 0).is_err()).unwrap();
        assert_eq!(read, MOST_EMPTY);
        assert_eq!(pages.next(Some("x".into()), 0), Err(EndlessList::EmptyPages));
    }
}
